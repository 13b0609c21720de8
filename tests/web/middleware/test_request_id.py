from __future__ import annotations

import re

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from tests.web.support import Mcp, build, client

GENERATED = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("request_id", ["a", "call-7_x.y", "A" * 128])
async def test_a_well_formed_id_is_kept_and_echoed(request_id: str) -> None:
    async with client(build()) as http:
        response = await http.get("/health", headers={"X-Request-Id": request_id})
    assert response.headers["x-request-id"] == request_id


@pytest.mark.parametrize("request_id", ["", "A" * 129, "a b", "<script>", "a/b", "é"])
async def test_an_ill_formed_id_is_replaced(request_id: str) -> None:
    async with client(build()) as http:
        response = await http.get("/health", headers=[(b"X-Request-Id", request_id.encode())])
    assert GENERATED.fullmatch(response.headers["x-request-id"])


async def test_two_ids_are_as_good_as_none() -> None:
    async with client(build()) as http:
        response = await http.get("/health", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])
    assert GENERATED.fullmatch(response.headers["x-request-id"])


async def test_log_lines_of_a_request_carry_its_id_and_later_ones_do_not() -> None:
    seen: dict[str, object] = {}

    class Spy(Mcp):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.update(structlog.contextvars.get_contextvars())
            await super().__call__(scope, receive, send)

    async with client(build(Spy())) as http:
        await http.post("/mcp", json={}, headers={"X-Request-Id": "call-7"})
    assert seen["request_id"] == "call-7"
    assert "request_id" not in structlog.contextvars.get_contextvars()


@given(st.binary(max_size=200).filter(lambda value: b"\n" not in value and b"\r" not in value))
async def test_no_inbound_id_is_echoed_unless_it_is_harmless(value: bytes) -> None:
    async with client(build()) as http:
        response = await http.get("/health", headers=[(b"X-Request-Id", value)])
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", response.headers["x-request-id"])
