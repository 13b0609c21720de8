"""What a call says of itself to whoever keeps a record of calls."""

from __future__ import annotations

import pytest

from tests.catalog.desk import Desk

CONFIG = "pc-checko-2b7f10"


async def test_a_call_tells_each_request_with_its_status_and_portkeys_id(desk: Desk) -> None:
    outcome = await desk.call("get_config", {"slug": CONFIG})
    (exchange,) = desk.trace.exchanges
    assert (exchange.method, exchange.path, exchange.status) == ("GET", "/configs/{slug}", 200)
    assert exchange.request_id
    assert not desk.trace.may_have_applied
    assert (outcome.kind, outcome.code) == ("succeeded", None)


async def test_a_write_that_succeeded_has_been_applied(desk: Desk) -> None:
    await desk.good("delete_config", slug=CONFIG)
    assert desk.trace.may_have_applied


async def test_what_does_not_fit_is_refused_and_nothing_is_asked(desk: Desk) -> None:
    outcome = await desk.call("delete_config", {"slug": ".."})
    assert (outcome.kind, outcome.code) == ("refused", "invalid_arguments")
    assert desk.trace.exchanges == []


async def test_what_portkey_refuses_has_failed_and_changed_nothing(desk: Desk) -> None:
    outcome = await desk.call("delete_config", {"slug": "pc-nobody-000000"})
    assert outcome.kind == "failed"
    assert [exchange.status for exchange in desk.trace.exchanges] == [404]
    assert desk.trace.exchanges[0].request_id
    assert not desk.trace.may_have_applied


@pytest.mark.parametrize(
    ("tool", "kind", "applied"),
    [("delete_config", "unknown_outcome", True), ("get_config", "failed", False)],
)
async def test_a_write_that_portkey_broke_off_has_an_unknown_outcome(
    desk: Desk,
    tool: str,
    kind: str,
    applied: bool,  # noqa: FBT001 - a case
) -> None:
    await desk.fault("status=500")
    outcome = await desk.call(tool, {"slug": CONFIG})
    assert (outcome.kind, desk.trace.may_have_applied) == (kind, applied)
