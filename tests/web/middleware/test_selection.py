from __future__ import annotations

import pytest

from app.auth.policy import ALLOW_ALL, Policy
from tests.web.support import Mcp, build, client

DOMAINS = ("users", "workspaces", "configs", "prompts")


async def _policy(query: str, policy: Policy = ALLOW_ALL) -> Policy:
    mcp = Mcp()
    async with client(build(mcp, domains=DOMAINS, policy=policy)) as http:
        response = await http.post(f"/mcp{query}", json={})
    assert response.status_code == 200, response.text
    found: Policy = mcp.scope["policy"]
    return found


async def _refusal(query: str, policy: Policy = ALLOW_ALL) -> str:
    mcp = Mcp()
    async with client(build(mcp, domains=DOMAINS, policy=policy)) as http:
        response = await http.post(f"/mcp{query}", json={})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["code"] == "bad_tool_selection"
    assert not mcp.scope
    return str(response.json()["error"]["message"])


@pytest.mark.parametrize("query", ["", "?", "?other=1", "?read_only=false", "?Tools=nonsense"])
async def test_a_url_that_selects_nothing_changes_nothing(query: str) -> None:
    assert await _policy(query) == ALLOW_ALL


@pytest.mark.parametrize(
    "query",
    [
        "?tools=prompts,configs",
        "?tools=configs&tools=prompts",
        "?tools=%20Prompts%2C,CONFIGS,configs",
    ],
)
async def test_a_url_selects_domains(query: str) -> None:
    assert (await _policy(query)).domains == frozenset({"prompts", "configs"})


@pytest.mark.parametrize("word", ["true", "1", "yes", "ON"])
async def test_a_url_makes_its_requests_read_only(word: str) -> None:
    assert (await _policy(f"?read_only={word}")).read_only
    assert (await _policy(f"?read_only=false&read_only={word}")).read_only


async def test_a_url_never_widens() -> None:
    narrow = Policy(domains=frozenset({"configs", "users"}), read_only=True)
    assert await _policy("?tools=configs&read_only=false", narrow) == Policy(
        frozenset({"configs"}), read_only=True
    )


async def test_a_domain_the_server_does_not_offer_is_unknown() -> None:
    message = await _refusal("?tools=configs,prompts", Policy(domains=frozenset({"configs", "users"})))
    assert "'prompts'" in message
    assert message.endswith("It takes domains separated by commas: users, configs.")


@pytest.mark.parametrize("query", ["?tools=", "?tools=,%20,", "?tools"])
async def test_an_empty_selection_is_refused(query: str) -> None:
    assert "is empty" in await _refusal(query)


async def test_unknown_names_are_told_short_and_printable_with_the_valid_ones() -> None:
    names = ",".join(["%0Aline", "%ff", "x" * 500, *(f"n{number}" for number in range(50))])
    message = await _refusal(f"?tools=configs,{names}")
    assert message.endswith("users, workspaces, configs, prompts.")
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize("query", ["?read_only=perhaps", "?read_only=", "?" + "&".join(["a=1"] * 200)])
async def test_what_cannot_be_read_is_refused(query: str) -> None:
    assert await _refusal(query)
