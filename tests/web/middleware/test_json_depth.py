from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.json_depth import MAX_DEPTH, nests_too_deep
from tests.web.support import JSON, Mcp, build, client


def nested(depth: int, inner: str = "1") -> bytes:
    return (
        '{"a":[' * (depth // 2) + "[" * (depth % 2) + inner + "]" * (depth % 2) + "]}" * (depth // 2)
    ).encode()


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@pytest.mark.parametrize(
    ("depth", "status"), [(0, 200), (MAX_DEPTH, 200), (MAX_DEPTH + 1, 400), (100_000, 400), (1_000_001, 413)]
)
async def test_a_body_may_nest_so_deep_and_no_deeper(depth: int, status: int) -> None:
    mcp = Mcp()
    body = nested(depth)
    async with client(build(mcp)) as http:
        response = await http.post("/mcp", content=body, headers=JSON)
    assert response.status_code == status
    if status == 200:
        assert response.json()["received"] == len(body)
    else:
        assert mcp.scope == {}
    if status == 400:
        error = response.json()["error"]
        assert error["code"] == "json_too_deep"
        assert str(MAX_DEPTH) in error["message"]
        assert error["request_id"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
async def test_what_is_not_utf_8_is_refused(encoding: str) -> None:
    async with client(build()) as http:
        response = await http.post("/mcp", content=nested(2).decode().encode(encoding), headers=JSON)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize(
    "text", ["[" * 1000, '"' + "[{" * 500, '\\"' + "[" * 500, "\\" * 501 + '"' + "]" * 500, "é[" * 300]
)
def test_brackets_in_strings_do_not_count(text: str) -> None:
    assert not nests_too_deep(json.dumps([text, {text: "\\"}], ensure_ascii=False).encode())
    assert nests_too_deep(nested(MAX_DEPTH + 1, json.dumps(text)))


def test_a_wide_body_is_not_a_deep_one() -> None:
    assert not nests_too_deep(json.dumps([[{}]] * 10_000).encode())


@pytest.mark.parametrize("unit", [b"[", b"[]", b'"', b'\\"', b"\\", b'"[', b'{"a":', b"]["])
def test_a_megabyte_of_anything_is_judged_at_once(unit: bytes) -> None:
    body = unit * (1_048_576 // len(unit))
    started = time.perf_counter()
    nests_too_deep(b"[" * MAX_DEPTH + body)
    assert time.perf_counter() - started < 2


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(json_values, st.integers(MAX_DEPTH - 4, MAX_DEPTH + 2))
def test_the_depth_is_that_of_the_value(value: Any, around: int) -> None:
    body = nested(around, json.dumps(value, ensure_ascii=False))
    assert nests_too_deep(body) == (around + depth_of(value) > MAX_DEPTH)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_check(body: bytes) -> None:
    nests_too_deep(b"[" * MAX_DEPTH + body)
