"""Every tool there is, called through an MCP client: in the least way, in every way, and so that it fails."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.projection import FIELDS
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import to_request
from app.portkey.client import NO_BODY, ApiRequest
from app.portkey.urls import BaseUrl
from tests.catalog.desk import FORMS, ORIGIN, TOOLS
from tests.catalog.every_call import every_call, settled
from tests.catalog.exchanges import Exchange, Session, prepared, session

BASE = BaseUrl(v1=f"{ORIGIN}/v1", public=ORIGIN)

every_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))


def test_every_tool_has_its_calls() -> None:
    assert list(every_call()) == list(TOOLS)


@every_tool
async def test_a_call_with_the_least_arguments_succeeds(tool: Tool) -> None:
    call = every_call()[tool.name]
    async with session(call.key) as active:
        world = await prepared(active, call)
        arguments = settled(call.minimal, world)
        assert _required(tool) <= arguments.keys()
        last = await _succeeds(active, tool, arguments)
    assert (None if last is None else (last.method, last.path)) == call.sends


@every_tool
async def test_a_call_with_all_arguments_succeeds(tool: Tool) -> None:
    call = every_call()[tool.name]
    async with session(call.key) as active:
        world = await prepared(active, call)
        await _succeeds(active, tool, settled(call.everything, world))
    for further in call.also:
        async with session(call.key) as active:
            await _succeeds(active, tool, settled(further, await prepared(active, call)))


@every_tool
def test_all_listed_arguments_are_among_those_of_its_calls(tool: Tool) -> None:
    call = every_call()[tool.name]
    schema: Any = FORMS[tool.name]["inputSchema"]
    tried = {*call.minimal, *call.everything, *(name for further in call.also for name in further)}
    assert schema["properties"].keys() - tried <= {FIELDS}


@every_tool
async def test_a_call_that_fails_says_why_and_what_to_do(tool: Tool) -> None:
    call = every_call()[tool.name]
    async with session(call.key) as active:
        world = await prepared(active, call)
        arguments = settled(call.failing, world)
        result = await active.call(tool.name, arguments)
        exchanges = list(active.wire.exchanges)
    assert result.is_error, result.structured_content
    error: Any = (result.structured_content or {})["error"]
    assert error["message"]
    assert error["next_step"]
    try:
        validate(tool, arguments)
    except InvalidArgumentsError:
        assert error["code"] == "invalid_arguments"
        assert not exchanges
    else:
        assert error.get("code") == "stopped" or error["status"] in {
            exchange.status for exchange in exchanges
        }


async def _succeeds(active: Session, tool: Tool, arguments: dict[str, Any]) -> Exchange | None:
    """Call the tool, compare what arrived with what it means, and return the last request."""
    before = _meant(tool, arguments)
    result = await active.call(tool.name, arguments)
    exchanges = active.wire.exchanges
    assert not result.is_error, result.structured_content
    if tool.risk == Risk.READ:
        assert all(exchange.method in ("GET", "POST") for exchange in exchanges)
    if before is None:
        return exchanges[-1] if exchanges else None
    # "now" may have moved on by a second meanwhile.
    expected = [meant for meant in (before, _meant(tool, arguments)) if meant is not None]
    (exchange,) = exchanges
    assert 200 <= exchange.status < 300
    path = BASE.build(before.base, before.path, before.path_params, ()).removeprefix(ORIGIN)
    assert (exchange.method, exchange.path) == (before.method, path)
    assert exchange.query in [urlencode(list(meant.query)) for meant in expected]
    assert exchange.body in [None if meant.body is NO_BODY else meant.body for meant in expected]
    return exchange


def _meant(tool: Tool, arguments: dict[str, Any]) -> ApiRequest | None:
    """What the arguments mean as one request; None for a workflow."""
    return to_request(tool.call, validate(tool, arguments)) if isinstance(tool.call, Endpoint) else None


def _required(tool: Tool) -> set[str]:
    return {name for name, field in tool.inputs.model_fields.items() if field.is_required()}
