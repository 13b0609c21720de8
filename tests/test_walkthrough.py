"""docs/walkthrough.md is what happens, and reads as an agent would work: nothing made up, no secret shown."""

from __future__ import annotations

import json
import re

import pytest

from tests.walkthrough.__main__ import PAGE
from tests.walkthrough.page import page
from tests.walkthrough.steps import TASKS
from tests.walkthrough.task import Call, Task
from tests.walkthrough.walking import Done, WentWrongError, connected, texts, walk

READ_IN_FIVE_MINUTES = 250  # lines
NAMES_A_THING = re.compile(r"(^|_)(id|slug)$")


@pytest.fixture(scope="module")
async def done() -> tuple[Done, ...]:
    return await walk(TASKS)


async def test_the_page_is_what_happens(done: tuple[Done, ...]) -> None:
    same = PAGE.read_text(encoding="utf-8") == page(done)
    assert same, "run `python -m tests.walkthrough --write` and read what changed"


async def test_it_is_the_same_each_time(done: tuple[Done, ...]) -> None:
    assert page(await walk(TASKS)) == page(done)


async def test_nothing_is_called_by_an_id_that_nobody_gave(done: tuple[Done, ...]) -> None:
    known = ""
    for one in done:
        known += one.task.asked
        for exchange in one.exchanges:
            named = {text for name, text in texts(exchange.arguments) if NAMES_A_THING.search(name)}
            made_up = {text for text in named if text not in known}
            assert not made_up, exchange.call.tool
            known += json.dumps(exchange.answer)


async def test_the_one_refusal_says_what_to_do_and_the_agent_does_it(done: tuple[Done, ...]) -> None:
    calls = [exchange for one in done for exchange in one.exchanges]
    (refused,) = (place for place, exchange in enumerate(calls) if "error" in exchange.answer)
    assert calls[refused + 1].call.tool in calls[refused].answer["error"]["next_step"]


async def test_no_secret_is_shown_and_it_stays_short(done: tuple[Done, ...]) -> None:
    text = page(done)
    assert not re.search(r"pk-sandbox-\w", text)
    assert text.count("\n") <= READ_IN_FIVE_MINUTES


@pytest.mark.parametrize(
    ("tool", "fails"), [("list_workspaces", True), ("get_workspace", False)], ids=["succeeded", "refused"]
)
async def test_a_call_that_goes_otherwise_than_it_should_ends_the_walk(tool: str, fails: bool) -> None:  # noqa: FBT001
    call = Call(tool, {} if fails else {"workspace_id": "ws-nowhere"}, fails=fails)
    with pytest.raises(WentWrongError, match=tool):
        await walk([Task("", "", (call,), "")])


async def test_every_tool_of_it_is_listed() -> None:
    async with connected() as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
    assert {call.tool for task in TASKS for call in task.calls} <= listed


def test_the_readme_shows_a_piece_of_it() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    (piece,) = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    assert piece in PAGE.read_text(encoding="utf-8")
