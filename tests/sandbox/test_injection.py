from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.injection import ConnectionDropped
from tests.sandbox.client import Answer, Api, TickingClock

if TYPE_CHECKING:
    from app.sandbox.application import Sandbox


async def _with(api: Api, fault: str, name: str = "New") -> Answer:
    return await api.send("POST", "/v1/admin/workspaces", {"name": name}, {"x-sandbox-fault": fault})


async def _exists(api: Api, name: str = "New") -> bool:
    return bool((await api.get(f"/v1/admin/workspaces?exact_name={name}")).data["total"])


async def test_status_answers_the_error_and_changes_nothing(api: Api) -> None:
    answer = await _with(api, "status=429;retry_after=2")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "AB06", "2")
    plain = await _with(api, "status=503")
    assert (plain.status, plain.code, "retry-after" in plain.headers) == (503, "AB04", False)
    assert not await _exists(api)


async def test_times_lets_the_retry_through(api: Api) -> None:
    statuses = [(await _with(api, "status=503;times=1")).status for _ in range(2)]
    assert statuses == [503, 200]


async def test_latency_delays_and_answers(api: Api) -> None:
    start = time.perf_counter()
    assert (await _with(api, "latency=50ms")).status == 200
    assert time.perf_counter() - start >= 0.05


async def test_drop_in_process_raises_and_changes_nothing(api: Api) -> None:
    with pytest.raises(ConnectionDropped):
        await _with(api, "drop")
    assert not await _exists(api)


async def test_drop_after_in_process_raises_and_the_change_is_applied(api: Api) -> None:
    with pytest.raises(ConnectionDropped):
        await _with(api, "drop_after")
    assert await _exists(api)


async def test_a_dropped_request_sends_nothing_before_it_raises(sandbox: Sandbox) -> None:
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(message)

    path, headers = "/v1/configs", [(b"x-sandbox-fault", b"drop")]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
    with pytest.raises(ConnectionDropped):
        await sandbox({**scope, "query_string": b""}, receive, send)
    assert sent == []


async def test_stall_in_process_lasts_until_the_caller_gives_up(api: Api) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await _with(api, "stall")
    assert await _exists(api)


async def test_bad_grammar_in_the_header_is_400(api: Api) -> None:
    answer = await _with(api, "explode")
    assert (answer.status, answer.code) == (400, "AB01")
    assert "x-sandbox-fault: 'explode' is not a fault clause" in answer.message
    assert not await _exists(api)


async def test_the_default_fault_spares_the_description_and_the_control_endpoints() -> None:
    app = create_sandbox(fault="status=503;path=/configs", clock=TickingClock())
    api = Api(app)
    assert (await api.get("/v1/configs")).status == 503
    assert (await api.get("/v1/prompts")).status == 200
    assert (await api.get("/")).status == 200
    assert (await api.get("/_sandbox/fault")).data == {"fault": "status=503;path=/configs"}
    assert (await api.put("/_sandbox/fault", {"fault": None})).data == {"fault": None}
    assert (await api.get("/v1/configs")).status == 200
    await api.post("/_sandbox/reset")
    assert (await api.get("/v1/configs")).status == 503
    app.close()


@pytest.mark.parametrize("body", [{}, {"fault": 1}, {"fault": "explode"}, {"fault": "drop", "more": 1}, []])
async def test_a_bad_default_is_refused_and_the_old_one_stays(api: Api, body: object) -> None:
    await api.put("/_sandbox/fault", {"fault": "latency=1ms"})
    answer = await api.put("/_sandbox/fault", body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert (await api.get("/_sandbox/fault")).data == {"fault": "latency=1ms"}
