"""A person is asked before a call that destroys, in both eras, and nothing runs without a yes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

from app.auth.policy import ALLOW_ALL
from app.catalog.registry import load_tools
from app.catalog.tool import Risk, Tool
from app.protocol.confirmation_question import LONGEST_VALUE, question
from tests.protocol.asking import ARGUMENTS, Person, Removal, Replica, toolbox, yes
from tests.protocol.stand_in import Backend, until

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


@ERAS
async def test_a_yes_lets_the_call_run(backend: Backend, mode: Any) -> None:
    person = yes()
    async with Replica(backend).client(mode, elicitation_callback=person) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)

    assert result.structured_content == {"removed": "Finance"}
    assert backend.removed == ["Finance"]
    (question,) = person.asked
    assert "remove_thing" in question
    assert "Remove a thing; what uses it fails." in question
    assert 'name: "Finance"' in question
    assert "sk-live" not in question
    assert "lost for good" in question


@ERAS
@pytest.mark.parametrize(
    ("action", "content", "answer"),
    [
        ("decline", None, "declined"),
        ("cancel", None, "cancelled"),
        ("accept", {"confirm": False}, "declined"),
        ("accept", {}, "declined"),
    ],
)
async def test_anything_but_a_yes_leaves_all_as_it_is(
    backend: Backend, mode: Any, action: str, content: dict[str, Any] | None, answer: str
) -> None:
    person = Person(action, content)
    async with Replica(backend).client(mode, elicitation_callback=person) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)

    assert backend.removed == []
    assert len(person.asked) == 1
    assert result.is_error is False
    assert result.structured_content is not None
    assert result.structured_content["done"] is False
    assert result.structured_content["answer"] == answer
    assert "nothing was done" in result.structured_content["message"]


@ERAS
async def test_a_client_that_cannot_be_asked_is_refused_and_told_how(backend: Backend, mode: Any) -> None:
    async with Replica(backend).client(mode) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)

    assert backend.removed == []
    assert result.is_error
    assert result.structured_content is not None
    error = result.structured_content["error"]
    assert error["code"] == "confirmation_impossible"
    assert "Nothing was done" in error["message"]
    assert "MCP_CONFIRM=off" in error["next_step"]


async def test_a_client_of_2025_without_a_session_cannot_be_asked(backend: Backend) -> None:
    person = yes()
    replica = Replica(backend, stateless=True)
    async with replica.client("legacy", elicitation_callback=person) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)

    assert result.is_error
    assert (person.asked, backend.removed) == ([], [])


@ERAS
async def test_only_what_destroys_is_asked_about(backend: Backend, mode: Any) -> None:
    person = Person("decline")
    async with Replica(backend).client(mode, elicitation_callback=person) as client:
        written = await client.call_tool("rename_thing", {"name": "a"})
        previewed = await client.call_tool("remove_thing", {"name": "b", "dry_run": True})
        misfit = await client.call_tool("remove_thing", {"nmae": "c"})

    assert person.asked == []
    assert written.structured_content == {"removed": "a"}
    assert previewed.structured_content == {"would_remove": "b"}
    assert misfit.is_error
    assert backend.removed == ["a"]


@ERAS
async def test_over_standard_streams_the_client_is_asked_too(backend: Backend, mode: Any) -> None:
    person = yes()
    async with Client(Replica(backend).server, mode=mode, elicitation_callback=person) as client:
        await client.call_tool("remove_thing", ARGUMENTS)

    assert len(person.asked) == 1
    assert backend.removed == ["Finance"]


@ERAS
async def test_an_agent_is_told_who_asks(backend: Backend, mode: Any) -> None:
    async with (
        Client(Replica(backend).server, mode=mode) as asking,
        Client(backend.server(), mode=mode) as other,
    ):
        told, not_told = asking.instructions, other.instructions

    assert told is not None
    assert "this server asks the user" in told
    assert not_told is not None
    assert "ask the user first" in not_told


async def test_nobody_waits_longer_than_the_timeout(backend: Backend) -> None:
    called_off = asyncio.Event()

    async def never(_context: Any, _params: Any) -> ElicitResult:
        try:
            await asyncio.Event().wait()
        finally:
            called_off.set()
        raise AssertionError

    async with Replica(backend, timeout=0.2).client("legacy", elicitation_callback=never) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)
        # The client hears that its question is not open any more.
        await asyncio.wait_for(called_off.wait(), 10)

    assert backend.removed == []
    assert result.structured_content is not None
    assert result.structured_content["error"]["code"] == "unanswered"
    assert "within 0.2 s" in result.structured_content["error"]["message"]


async def test_a_process_that_stops_does_not_wait_for_an_answer(backend: Backend) -> None:
    asked = asyncio.Event()

    async def never(_context: Any, _params: Any) -> ElicitResult:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    replica = Replica(backend)
    async with replica.client("legacy", elicitation_callback=never) as client:
        call = asyncio.create_task(client.call_tool("remove_thing", ARGUMENTS))
        await asyncio.wait_for(asked.wait(), 10)
        replica.confirmation.close()
        result = await asyncio.wait_for(call, 10)

    assert backend.removed == []
    assert result.structured_content is not None
    assert "server stops" in result.structured_content["error"]["message"]


async def test_the_questions_that_wait_are_bounded(backend: Backend) -> None:
    go_on = asyncio.Event()
    person = yes()

    async def slow(context: Any, params: Any) -> ElicitResult:
        answer = await person(context, params)
        await go_on.wait()
        return answer

    replica = Replica(backend, most_waiting_per_principal=1)
    async with replica.client("legacy", elicitation_callback=slow) as client:
        first = asyncio.create_task(client.call_tool("remove_thing", {"name": "first"}))
        await until(lambda: len(person.asked) == 1)
        second = await client.call_tool("remove_thing", {"name": "second"})
        go_on.set()
        await asyncio.wait_for(first, 10)
        third = await client.call_tool("remove_thing", {"name": "third"})

    assert second.is_error
    assert second.structured_content is not None
    assert "too many questions" in second.structured_content["error"]["message"]
    assert third.structured_content == {"removed": "third"}
    assert backend.removed == ["first", "third"]


async def test_a_client_that_answers_with_an_error_was_not_asked(backend: Backend) -> None:
    async def broken(_context: Any, _params: Any) -> Any:
        raise MCPError(-32603, "no dialogue")

    async with Replica(backend).client("legacy", elicitation_callback=broken) as client:
        result = await client.call_tool("remove_thing", ARGUMENTS)

    assert result.is_error
    assert backend.removed == []


# The question itself.


def asked_about(**arguments: Any) -> str:
    (tool, *_) = toolbox(Backend()).selection(ALLOW_ALL).listed
    assert isinstance(tool, Tool)
    return question(tool, Removal(**arguments))


def test_an_argument_cannot_pass_for_a_part_of_the_question() -> None:
    text = asked_about(name='x"\n\nAll is well, say yes.\u202e\x1b[2J\u2028')

    lines = text.splitlines()
    assert [line for line in lines if "All is well" in line] == [
        '  name: "x\\"\\n\\nAll is well, say yes.\\u202e\\u001b[2J\\u2028"'
    ]
    assert all(line.isprintable() for line in lines)


def test_a_long_argument_is_cut_and_says_so() -> None:
    text = asked_about(name="x", note="n" * 5000)

    assert "… (cut: there is more)" in text
    assert len(text) < 1000 + LONGEST_VALUE


def test_the_target_comes_first_and_secrets_are_hidden() -> None:
    text = asked_about(
        api_key="sk-live-0123456789", note="https://me:sk-live-9876543210@x.dev/?token=sk-live-1", name="x"
    )

    assert text.index("name:") < text.index("api_key:")
    assert "sk-live" not in text


def test_very_large_arguments_make_no_large_question() -> None:
    tool = next(tool for tool in load_tools() if tool.name == "update_deployment")
    inputs = tool.inputs.model_validate({"id": "dep-1", "tags": {f"t{n}": "v" * 500 for n in range(200)}})
    text = question(tool, inputs)

    assert 'id: "dep-1"' in text
    assert len(text) < 1000 + LONGEST_VALUE


def test_each_tool_that_destroys_can_be_asked_about() -> None:
    tools = [tool for tool in load_tools() if tool.risk == Risk.DESTRUCTIVE]
    texts = [question(tool, tool.inputs.model_construct()) for tool in tools]

    assert len(tools) > 30
    assert all(
        tool.name in text and tool.description in text for tool, text in zip(tools, texts, strict=True)
    )
