from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.ids import seed_id
from tests.sandbox.client import Api

TICKET = "/v1/prompts/pp-ticket-1f5d3a"
UPSELL = "/v1/prompts/pp-upsell-d47b18"


def _version(number: int) -> str:
    return f"{TICKET}/versions/{seed_id('prompt_version', f'pp-ticket-1f5d3a/{number}')}"


async def _labels(api: Api) -> dict[int, str | None]:
    listed = (await api.get(f"{TICKET}/versions")).data["data"]
    names = {seed_id("label", name): name for name in ("production", "staging", "archive")}
    return {version["prompt_version"]: names.get(version["label_id"]) for version in listed}


async def test_versions_are_listed_newest_first(api: Api) -> None:
    listed = (await api.get(f"{TICKET}/versions")).data
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert [(item["prompt_version"], item["status"]) for item in listed["data"]] == [
        (3, "archived"),
        (2, "active"),
        (1, "archived"),
    ]
    assert listed["data"][2]["prompt_template"] == {"string": "Summarise: {{ticket}}"}
    assert (await api.get("/v1/prompts/missing/versions")).status == 404


async def test_a_version_is_read_by_its_id(api: Api) -> None:
    version = (await api.get(_version(1))).data
    assert (version["prompt_version"], version["prompt_version_status"]) == (1, "archived")
    assert version["prompt_version_labels"] == [{"id": seed_id("label", "archive"), "name": "archive"}]
    other = _version(1).replace("pp-ticket-1f5d3a", "pp-upsell-d47b18")
    for path in (other, f"{TICKET}/versions/missing"):
        answer = await api.get(path)
        assert (answer.status, answer.code) == (404, "AB02")


async def test_a_label_moves_to_the_version_that_gets_it(api: Api) -> None:
    assert await _labels(api) == {1: "archive", 2: "production", 3: "staging"}
    assert (await api.put(_version(3), {"label_id": seed_id("label", "production")})).data == {}
    assert await _labels(api) == {1: "archive", 2: None, 3: "production"}
    assert (await api.get(f"{TICKET}@production")).data["prompt_version"] == 3
    assert (await api.get(f"{UPSELL}@production")).data["prompt_version"] == 1
    await api.put(_version(3), {"label_id": seed_id("label", "production")})
    assert (await _labels(api))[3] == "production"


async def test_null_takes_the_label_away(api: Api) -> None:
    await api.put(_version(1), {"label_id": None})
    assert (await _labels(api))[1] is None
    assert (await api.get(f"{TICKET}@archive")).status == 404


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "label_id is required"),
        ({"label_id": "missing"}, "no label has the id 'missing'"),
        ({"label_id": None, "string": "x"}, "string is not allowed"),
    ],
)
async def test_only_the_label_of_a_version_can_change(api: Api, body: Any, problem: str) -> None:
    answer = await api.put(_version(1), body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_publishing_moves_the_default(api: Api) -> None:
    assert (await api.put(f"{TICKET}/makeDefault", {"version": 3})).data == {}
    assert (await api.get(TICKET)).data["prompt_version"] == 3
    await api.put(f"{TICKET}/makeDefault", b'{"version": 1.0}')
    assert (await api.get(TICKET)).data["prompt_version"] == 1
    statuses = [item["status"] for item in (await api.get(f"{TICKET}/versions")).data["data"]]
    assert statuses == ["archived", "archived", "active"]


@pytest.mark.parametrize(
    ("body", "status"), [(..., 400), ({"version": "2"}, 400), ({"version": 0}, 400), ({"version": 9}, 404)]
)
async def test_publishing_needs_a_version_that_exists(api: Api, body: Any, status: int) -> None:
    assert (await api.put(f"{TICKET}/makeDefault", body)).status == status
    assert (await api.get(TICKET)).data["prompt_version"] == 2
