"""The tracing tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from app.catalog.registry import load_tools
from app.catalog.snapshot import wire_form
from app.sandbox.keys import NO_SCOPES_KEY
from app.sandbox.traffic import requests_of
from tests.catalog import desk as desks
from tests.catalog.calls import Call
from tests.catalog.calls.tracing import CALLS, RATING, a_log, last_nights_trace, yesterday
from tests.catalog.desk import Desk

TOOLS = {tool.name: tool for tool in load_tools(["tracing"])}
FORMS = {name: wire_form(tool) for name, tool in TOOLS.items()}
BY_NAME = {call.tool: call for call in CALLS}


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, tool in TOOLS.items():
        monkeypatch.setitem(desks.TOOLS, name, tool)
        monkeypatch.setitem(desks.FORMS, name, FORMS[name])


def arguments(given: Any) -> dict[str, Any]:
    return {name: value(None) if callable(value) else value for name, value in given.items()}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_with_little_and_with_everything(desk: Desk, call: Call) -> None:
    assert list(BY_NAME) == list(TOOLS)
    for given in (call.minimal, call.everything):
        await desk.good(call.tool, **arguments(given))
        last = (await desk.requests())[-1]
        assert (last["method"], last["path"]) == call.sends
    await desk.bad(call.tool, **arguments(call.failing))


async def test_feedback_is_sent_as_given(desk: Desk) -> None:
    created = await desk.good("create_feedback", trace_id="t-1", **RATING)
    (feedback_id,) = created["feedback_ids"]
    assert await desk.sent() == ("POST", "/v1/feedback", "", {"trace_id": "t-1", **RATING})
    await desk.good("update_feedback", id=feedback_id, value=0, weight=0)
    assert await desk.sent() == ("PUT", f"/v1/feedback/{feedback_id}", "", {"value": 0, "weight": 0})


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"trace_id": "t"}, "value"),
        ({"trace_id": "t", "value": 11}, "value"),
        ({"trace_id": "t", "value": 0.5}, "value"),
        ({"trace_id": "t", "value": 1, "weight": 1.5}, "weight"),
        ({"value": 1}, "trace_id"),
    ],
)
async def test_feedback_out_of_bounds_is_not_sent(desk: Desk, given: dict[str, Any], argument: str) -> None:
    error = await desk.bad("create_feedback", **given)
    assert [problem["argument"] for problem in error["problems"]] == [argument]
    assert await desk.requests() == []


async def test_a_trace_is_summed_up_from_its_id(desk: Desk) -> None:
    spans = [one for one in requests_of(yesterday()) if one.trace_id == last_nights_trace()]
    trace = await desk.good("get_trace", id=last_nights_trace())
    assert (trace["trace_id"], trace["requests"]) == (last_nights_trace(), len(spans))
    assert trace["cost_cents"]["total"] == sum(one.cost for one in spans)
    assert trace["tokens"]["total"] == sum(one.total_units for one in spans)
    assert [model["ai_model"] for model in trace["models"]] == ["claude-3-5-sonnet"]
    assert trace["errors"] == []
    assert "log" not in trace
    requests = await desk.requests()
    assert requests[0]["path"] == f"/v1/logs/{last_nights_trace()}"
    assert all(f"trace_id={last_nights_trace()}" in one["query"] for one in requests[1:])


async def test_from_a_log_id_come_the_log_and_its_trace(desk: Desk) -> None:
    known = next(one for one in requests_of(yesterday()) if one.workspace == "ws-staging")
    trace = await desk.good("get_trace", id=known.id)
    assert (trace["trace_id"], trace["log"]["_id"]) == (known.trace_id, known.id)
    assert trace["requests"] >= 1
    assert trace["log"]["request"]["headers"]["authorization"] == MASK
    assert "workspace_slug=ws-staging" in (await desk.requests())[-1]["query"]


async def test_an_unknown_trace_says_where_it_was_looked_for(desk: Desk) -> None:
    error = await desk.bad("get_trace", id="no-such-trace", time_of_generation_min="2026-01-01")
    assert "From 2026-01-01T00:00:00Z to" in error["message"]
    assert "workspace_slug" in error["next_step"]


async def test_a_denied_read_is_told_as_it_is(desk: Desk) -> None:
    error = await Desk(desk.app, NO_SCOPES_KEY).bad("get_trace", id=a_log().id)
    assert (error["status"], "logs.view" in error["next_step"]) == (403, True)
