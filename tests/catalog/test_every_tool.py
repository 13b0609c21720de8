"""Every tool there is, called through an MCP client: in the least way, in every way, and so that it fails."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.projection import FIELDS
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import to_request
from app.portkey.client import NO_BODY
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
    result = await active.call(tool.name, arguments)
    exchanges = active.wire.exchanges
    assert not result.is_error, result.structured_content
    if tool.risk == Risk.READ:
        assert all(exchange.method in ("GET", "POST") for exchange in exchanges)
    if not isinstance(tool.call, Endpoint):
        return exchanges[-1] if exchanges else None
    (exchange,) = exchanges
    assert 200 <= exchange.status < 300
    meant = to_request(tool.call, validate(tool, arguments))
    path = BASE.build(meant.base, meant.path, meant.path_params, ()).removeprefix(ORIGIN)
    assert (exchange.method, exchange.path) == (meant.method, path)
    if not _relative_times(arguments):
        assert exchange.query == urlencode(list(meant.query))
    assert exchange.body == (None if meant.body is NO_BODY else meant.body)
    return exchange


def _required(tool: Tool) -> set[str]:
    return {name for name, field in tool.inputs.model_fields.items() if field.is_required()}


def _relative_times(arguments: dict[str, Any]) -> bool:
    return any(
        isinstance(value, str) and (value == "now" or value[:1] in "+-") for value in arguments.values()
    )
