"""The fan-out: the log whatever its level, every other place, and what may not be written anywhere."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from app.telemetry.audit.channel import Channel
from app.telemetry.audit.record import PortkeyRequest, ToolCallRecord
from app.telemetry.audit.trail import AuditTrail
from app.telemetry.component import OK
from app.telemetry.logging import configure_logging
from app.telemetry.redaction import Redactor
from tests.telemetry.audit.shelf import Shelf
from tests.web.support import until

TOKEN = "a-token-of-this-service"


def record(**changes: Any) -> ToolCallRecord:
    known: dict[str, Any] = {
        "time": datetime(2026, 7, 28, 12, 0, tzinfo=UTC),
        "request_id": "r-1",
        "principal": "bearer:0123",
        "organization": None,
        "portkey_key": None,
        "client_name": None,
        "client_version": None,
        "protocol": "2026-07-28",
        "session": None,
        "tool": "delete_config",
        "risk": "destructive",
        "outcome": "succeeded",
    }
    return ToolCallRecord(**{**known, **changes})


async def test_a_record_reaches_the_log_at_any_level_and_every_place() -> None:
    stream, shelves = io.StringIO(), [Shelf(), Shelf()]
    configure_logging(level="error", format="json", stream=stream)
    trail = AuditTrail([Channel(shelf, capacity=10) for shelf in shelves], log=True)
    async with trail.run():
        trail.add(record(arguments={"slug": "pc-1"}))
    entry = json.loads(stream.getvalue())
    assert (entry["message"], entry["level"], entry["logger"]) == ("tool_call", "info", "app.audit")
    for shelf in shelves:
        (kept,) = shelf.records
        assert kept["time"] == "2026-07-28T12:00:00.000Z"
        assert kept["arguments"] == entry["arguments"] == {"slug": "pc-1"}
        assert {**kept, **entry} == {**entry, "time": kept["time"]}


async def test_without_the_log_nothing_is_logged() -> None:
    stream, shelf = io.StringIO(), Shelf()
    configure_logging(level="debug", format="json", stream=stream)
    trail = AuditTrail([Channel(shelf, capacity=10)])
    async with trail.run():
        trail.add(record())
    assert stream.getvalue() == ""
    assert len(shelf.lines) == 1


async def test_the_secrets_of_the_service_and_authorization_headers_are_masked_everywhere() -> None:
    stream, shelf = io.StringIO(), Shelf()
    configure_logging(level="info", format="json", stream=stream, secrets=[TOKEN])
    trail = AuditTrail([Channel(shelf, capacity=10)], log=True, redactor=Redactor([TOKEN]))
    arguments = {TOKEN: [f"see {TOKEN}"], "note": "x-portkey-api-key: planted", "deep": {"deeper": TOKEN}}
    async with trail.run():
        trail.add(
            record(
                arguments=arguments,
                tool=TOKEN,
                client_name=TOKEN,
                portkey=[PortkeyRequest("GET", "/configs", 200, TOKEN)],
            )
        )
    for written in (stream.getvalue(), shelf.lines[0].decode()):
        assert TOKEN not in written
        assert "planted" not in written


async def test_a_record_of_many_requests_keeps_some_and_counts_all() -> None:
    shelf = Shelf()
    trail = AuditTrail([Channel(shelf, capacity=10)])
    async with trail.run():
        trail.add(record(portkey=[PortkeyRequest("GET", "/logs", 200, f"p-{n}") for n in range(50)]))
    (kept,) = shelf.records
    assert (len(kept["portkey"]), kept["portkey_requests"]) == (20, 50)


async def test_values_that_json_cannot_say_are_written_all_the_same() -> None:
    shelf = Shelf()
    trail = AuditTrail([Channel(shelf, capacity=10)])
    async with trail.run():
        trail.add(record(arguments={"huge": 2**80, "half": "\ud800"}))
    (kept,) = shelf.records
    assert kept["arguments"] == {"huge": 2**80, "half": "\ud800"}


async def test_a_place_is_reserved_only_where_records_are_required() -> None:
    shelf = Shelf()
    at_will = AuditTrail([Channel(shelf, capacity=1)])
    assert at_will.reserve()
    assert at_will.reserve()
    required = AuditTrail([Channel(shelf, capacity=1), Channel(shelf, capacity=2)], required=True)
    assert required.reserve()
    assert not required.reserve()
    required.add(record(), reserved=True)
    assert not required.reserve()
    async with required.run():
        await until(lambda: len(shelf.lines) == 2)
        assert required.reserve()
        required.add(record(), reserved=True)
    assert len(shelf.lines) == 4


async def test_the_state_is_that_of_the_place_that_is_worst_off() -> None:
    full = Channel(Shelf(), capacity=1)
    trail = AuditTrail([Channel(Shelf(), capacity=1), full])
    assert trail.state() == OK
    full.put(b"1", reserved=False)
    assert trail.state().status == "failed"
