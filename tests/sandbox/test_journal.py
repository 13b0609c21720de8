from __future__ import annotations

import asyncio

import pytest

from app.sandbox.injection import ConnectionDropped
from app.sandbox.keys import ADMIN_KEY, READ_ONLY_KEY
from tests.sandbox.client import Api


async def _entries(api: Api) -> list[dict[str, object]]:
    listed = (await api.get("/_sandbox/requests")).data
    assert listed["total"] == len(listed["data"])
    return list(listed["data"])


async def test_requests_are_kept_as_received_with_the_name_of_the_key(api: Api) -> None:
    await api.post("/v1/configs?a=1&a=%20", {"name": 1})
    await api.as_key(READ_ONLY_KEY).get("/v1/admin/workspaces/%2e%2E/users")
    await api.as_key("wrong").get("/v1/../_sandbox/reset")  # the client resolves the dots
    first, second, third = await _entries(api)
    assert first == {
        "number": 1,
        "method": "POST",
        "path": "/v1/configs",
        "query": "a=1&a=%20",
        "key": "Platform admin",
        "body": {"name": 1},
        "body_bytes": 10,
        "status": 400,
        "fault": None,
    }
    assert (second["path"], second["key"], second["status"]) == (
        "/v1/admin/workspaces/%2e%2E/users",
        "Reporting dashboard",
        404,
    )
    assert (third["path"], third["key"], third["body"], third["status"]) == (
        "/_sandbox/reset",
        None,
        None,
        405,
    )
    assert ADMIN_KEY not in str([first, second, third])


async def test_faults_are_kept_and_a_dropped_request_has_no_status(api: Api) -> None:
    with pytest.raises(ConnectionDropped):
        await api.get("/v1/configs", **{"x-sandbox-fault": "drop_after"})
    await api.get("/v1/configs", **{"x-sandbox-fault": "status=503"})
    assert [(entry["status"], entry["fault"]) for entry in await _entries(api)] == [
        (None, "drop_after"),
        (503, "status=503"),
    ]


async def test_a_stalled_request_shows_the_status_it_sent(api: Api) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await api.get("/v1/configs", **{"x-sandbox-fault": "stall"})
    assert [entry["status"] for entry in await _entries(api)] == [200]


async def test_the_journal_is_bounded_and_large_bodies_are_left_out(api: Api) -> None:
    await api.post("/v1/configs", b"[" + b"1," * 20_000 + b"1]")
    await api.post("/v1/configs", b"no json \xff")
    large, text = await _entries(api)
    assert (large["body"], large["body_bytes"]) == (None, 40_003)
    assert text["body"] == "no json \\xff"
    for _ in range(500):
        await api.as_key("").get("/v1/nothing")
    kept = await _entries(api)
    assert (len(kept), kept[0]["number"], kept[-1]["number"]) == (500, 3, 502)


async def test_clearing_forgets_everything(api: Api) -> None:
    await api.get("/v1/configs")
    assert (await api.delete("/_sandbox/requests")).data == {"object": "list", "total": 0, "data": []}
    answer = await api.get("/v1/configs")
    assert answer.headers["x-request-id"] == "sandbox-1"
    assert len(await _entries(api)) == 1
