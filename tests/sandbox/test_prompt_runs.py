from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from tests.sandbox.client import Api

TICKET = "/v1/prompts/pp-ticket-1f5d3a"
REFUND = "/v1/prompts/pp-refund-62c9e0"
VARIABLES = {"language": "German", "customer": 'Ana "A"', "ticket": "Late\n{{language}}"}


async def test_render_fills_in_messages_and_shows_parameters(api: Api) -> None:
    answer = await api.post(f"{TICKET}/render", {"variables": VARIABLES})
    assert answer.data == {
        "success": True,
        "data": {
            "temperature": 0.2,
            "max_tokens": 200,
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": "You summarise support tickets in German."},
                {"role": "user", "content": 'Ticket from Ana "A":\nLate\n{{language}}'},
            ],
        },
    }


async def test_a_text_becomes_one_message_and_missing_variables_are_empty(api: Api) -> None:
    data = (await api.post(f"{REFUND}/render", {"variables": {"amount": 12.5}})).data["data"]
    assert data["messages"] == [{"role": "user", "content": "Write a reply to  about a refund of 12.5."}]


async def test_parameters_of_the_request_win(api: Api) -> None:
    body = {
        "variables": {},
        "temperature": 1.5,
        "model": "gpt-4.1",
        "stop": ["."],
        "custom": 1,
        "messages": [],
    }
    data = (await api.post(f"{TICKET}@1/render", body)).data["data"]
    assert (data["temperature"], data["model"], data["max_tokens"], data["custom"]) == (
        1.5,
        "gpt-4.1",
        100,
        1,
    )
    assert data["messages"] == [{"role": "user", "content": "Summarise: "}]
    assert "variables" not in data


async def test_tools_of_the_version_are_part_of_it(api: Api) -> None:
    tools = [{"type": "function", "function": {"name": "lookup"}}]
    await api.put(REFUND, {"patch": True, "tools": tools, "tool_choice": "auto"})
    data = (await api.post(f"{REFUND}@latest/render", {"variables": {}})).data["data"]
    assert (data["tools"], data["tool_choice"]) == (tools, "auto")
    assert "functions" not in data


async def test_a_completion_echoes_in_openai_form(api: Api) -> None:
    body = {"variables": {"customer": "Ana", "amount": 3}, "metadata": {"app": "shop"}, "stream": False}
    answer = (await api.post(f"{REFUND}/completions", body)).data
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert answer["created"] == 1772366401
    assert answer["model"] == "gpt-4o-mini"
    (choice,) = answer["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": "Echo: Write a reply to Ana about a refund of 3.",
    }
    assert choice["finish_reason"] == "stop"
    assert answer["usage"] == {"prompt_tokens": 10, "completion_tokens": 11, "total_tokens": 21}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_completion_stops_at_its_limit(api: Api, name: str) -> None:
    answer = (await api.post(f"{REFUND}/completions", {"variables": {}, name: 2})).data
    assert answer["choices"][0]["message"]["content"] == "Echo: Write"
    assert (answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]) == ("length", 2)


@pytest.mark.parametrize("action", ["render", "completions"])
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "variables is required"),
        (
            {"variables": [], "temperature": 3, "top_p": "1"},
            "temperature must be at most 2; top_p must be a number",
        ),
        ({"variables": {}, "stop": 1}, "stop must be a string or an array of strings"),
        (
            {"variables": {}, "hyperparameters": {"top_k": 1}},
            "hyperparameters: give its members at the top level",
        ),
    ],
)
async def test_bad_bodies_are_refused(api: Api, action: str, body: Any, problem: str) -> None:
    answer = await api.post(f"{TICKET}/{action}", body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_streaming_is_refused(api: Api) -> None:
    answer = await api.post(f"{TICKET}/completions", {"variables": {}, "stream": True})
    assert answer.status == 400
    assert "does not stream" in answer.message


async def test_unknown_prompts_are_404_and_scopes_count(api: Api) -> None:
    assert (await api.post("/v1/prompts/missing/render", {"variables": {}})).status == 404
    assert (await api.as_key(READ_ONLY_KEY).post(f"{TICKET}/completions", {"variables": {}})).status == 403
    assert (await api.as_key(WORKSPACE_KEY).post(f"{TICKET}/completions", {"variables": {}})).status == 200
