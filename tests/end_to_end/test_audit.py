"""The record of tool calls as an operator finds it: in the log, a file and a Redis stream."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import redis

from app.sandbox.keys import ADMIN_KEY
from app.service import Service, read_settings
from app.settings import SettingsError
from tests.end_to_end import wire
from tests.end_to_end.journey import OverHttp
from tests.end_to_end.processes import Running
from tests.end_to_end.python_v2 import connected as connect_client
from tests.end_to_end.services import TOKEN, http_service, pointing_at, sandbox_process
from tests.end_to_end.test_stdio import lines, stdio_process
from tests.end_to_end.wire import HttpCaller, answer_of
from tests.support.own_redis import OwnRedis
from tests.web.support import until

STREAM = "mcp:audit"
FULL = Path("/dev/full")
PLANTED = "planted-0123456789abcdef"
WAYS: list[dict[str, Any]] = [
    {"api_key": PLANTED},
    {"key": PLANTED},
    {"config": {"targets": [{"apiKey": PLANTED, "headers": [{"name": "Authorization", "value": PLANTED}]}]}},
    {"config": json.dumps({"api_key": PLANTED, "inner": json.dumps({"client_secret": PLANTED})})},
    {"config": f'{{"api_key": "{PLANTED}"'},
    {"custom_headers": {"x-anything": PLANTED}},
    {"url": f"https://user:{PLANTED}@example.test/?token={PLANTED}"},
    {"note": f"curl -H 'Authorization: Bearer {PLANTED}'"},
    {"note": f"x-portkey-api-key: {PLANTED}"},
    {"note": f"my token is {TOKEN}"},
]


def in_file(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def in_stream(url: str) -> list[dict[str, Any]]:
    with redis.Redis.from_url(url) as client:
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(STREAM))
    return [json.loads(fields[b"record"]) for _, fields in entries]


def in_log(output: str) -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [entry for entry in entries if entry["message"] == "tool_call"]


@contextmanager
def audited(path: Path, **settings: str) -> Iterator[Running]:
    with http_service(token=TOKEN, settings={"MCP_AUDIT_FILE": str(path), **settings}) as service:
        yield service


async def component(http: httpx2.AsyncClient) -> dict[str, str]:
    state: dict[str, str] = (await http.get("/ready")).json()["components"]["audit"]
    return state


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_calls_of_the_official_client_are_in_every_place_once(
    tmp_path: Path, redis_url: str, mode: Any
) -> None:
    path = tmp_path / "audit.jsonl"
    settings = {"MCP_AUDIT_REDIS_STREAM": STREAM, "MCP_REDIS_URL": redis_url, "LOG_LEVEL": "error"}
    with audited(path, **settings) as service:
        async with client_of(service, mode) as client:
            await asyncio.gather(
                *(client.call_tool("get_config", {"slug": f"pc-{number}"}) for number in range(10))
            )
            await client.call_tool("list_configs", {})
        service.terminate()
        assert service.wait() == 0
        logged = in_log(service.output())
    kept = in_file(path)
    assert len(kept) == 11
    assert [record["id"] for record in kept] == [record["id"] for record in logged]
    assert in_stream(redis_url) == kept
    assert {record["arguments"].get("slug") for record in kept} == {
        None,
        *(f"pc-{number}" for number in range(10)),
    }
    last = kept[-1]
    assert (last["outcome"], last["portkey"][0]["status"]) == ("succeeded", 200)
    assert last["portkey"][0]["request_id"].startswith("sandbox-")
    assert last["principal"].startswith("bearer:")
    assert [record["outcome"] for record in kept].count("failed") == 10


@asynccontextmanager
async def client_of(service: Running, mode: Any) -> Any:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(await connect_client(OverHttp.of(service), mode, stack))


async def test_secrets_in_arguments_are_in_no_place(tmp_path: Path, redis_url: str) -> None:
    path = tmp_path / "audit.jsonl"
    settings = {"MCP_AUDIT_REDIS_STREAM": STREAM, "MCP_REDIS_URL": redis_url}
    with audited(path, **settings) as service:
        caller = HttpCaller(service.mcp_url, "2026", headers=dict(service.headers))
        async with httpx2.AsyncClient(trust_env=False) as http:
            for arguments in WAYS:
                for tool in ("create_config", "create_integration", "no_such_tool"):
                    await caller.post(http, wire.tool_call(tool, arguments, "2026"))
        service.terminate()
        service.wait()
        output = service.output()
    assert len(in_file(path)) == len(in_log(output)) == len(in_stream(redis_url)) == 3 * len(WAYS)
    for written in (path.read_text(), output, json.dumps(in_stream(redis_url))):
        assert PLANTED not in written
        assert TOKEN not in written


async def test_after_logrotate_and_sighup_records_go_to_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with audited(path) as service:
        caller = HttpCaller(service.mcp_url, "2026", headers=dict(service.headers))
        async with httpx2.AsyncClient(trust_env=False) as http:
            await caller.post(http, wire.tool_call("list_configs", {}, "2026"))
            await until(path.exists)
            moved = path.rename(tmp_path / "audit.jsonl.1")
            service.process.send_signal(signal.SIGHUP)
            await caller.post(http, wire.tool_call("list_prompts", {}, "2026"))
            await until(path.exists)
        service.terminate()
        assert service.wait() == 0
    assert [record["tool"] for record in in_file(moved)] == ["list_configs"]
    assert [record["tool"] for record in in_file(path)] == ["list_prompts"]


async def test_calls_over_stdio_are_on_record(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with stdio_process(MCP_AUDIT_FILE=str(path), LOG_FORMAT="json") as process:
        talk = lines(
            wire.initialize(),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            wire.tool_call("list_configs", {}, "2025", request_id=1),
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(talk)
        while json.loads(await process.stdout.readline()).get("id") != 1:
            pass
        _, errors = await process.communicate(b"")
    (record,) = in_file(path)
    assert (record["principal"], record["tool"], record["client_name"]) == (
        "stdio",
        "list_configs",
        "end-to-end",
    )
    assert [entry["id"] for entry in in_log(errors.decode())] == [record["id"]]


@asynccontextmanager
async def in_process(**settings: str) -> Any:
    """The service of these settings in this process, and a client of it."""
    application, readiness = Service(read_settings(settings)).application()
    readiness.serving()
    async with (
        application.router.lifespan_context(application),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(application), base_url="http://127.0.0.1:3000"
        ) as http,
    ):
        yield http


async def calls(http: httpx2.AsyncClient, tool: str, arguments: dict[str, Any], number: int = 1) -> list[Any]:
    caller = HttpCaller("/mcp", "2026")
    message = wire.tool_call(tool, arguments, "2026")
    answers = await asyncio.gather(
        *(http.post("/mcp", json=message, headers=caller.for_message(message)) for _ in range(number))
    )
    return [answer_of(answer)["result"] for answer in answers]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
async def test_on_a_full_disk_calls_go_on_and_what_is_lost_is_counted_and_told(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.symlink_to(FULL)
    async with in_process(MCP_AUDIT_FILE=str(path), MCP_AUDIT_QUEUE_SIZE="5") as http:
        results = await calls(http, "list_configs", {}, 3)
        assert (await component(http))["status"] in {"ok", "degraded"}
        results += await calls(http, "list_configs", {}, 7)
        assert (await component(http))["status"] == "failed"
        assert "/" not in (await component(http))["reason"]
        path.unlink()
        await until(lambda: path.exists() and len(in_file(path)) == 5)
        state = await component(http)
    assert not any(result["isError"] for result in results)
    assert (state["status"], "lost" in state["reason"]) == ("degraded", True)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
async def test_where_records_are_required_a_call_without_one_never_reaches_portkey(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.symlink_to(FULL)
    with sandbox_process() as sandbox:
        required = {"MCP_AUDIT_FILE": str(path), "MCP_AUDIT_QUEUE_SIZE": "4", "MCP_AUDIT_REQUIRED": "true"}
        async with in_process(
            **pointing_at(f"http://127.0.0.1:{sandbox.port}/v1", ADMIN_KEY), **required
        ) as http:
            results = await calls(
                http, "create_config", {"name": "n", "config": {"retry": {"attempts": 2}}}, 10
            )
            refused = [result["structuredContent"]["error"] for result in results if result["isError"]]
            assert len(refused) == 6
            assert {error["code"] for error in refused} == {"audit_unavailable"}
            assert "Nothing was done" in refused[0]["message"]
            path.unlink()
            await until(lambda: path.exists() and len(in_file(path)) == 4)
            # The service learns a moment later than we that they are in the file.
            while (after := (await calls(http, "list_configs", {}))[0])["isError"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with httpx2.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
            asked = (await http.get("/_sandbox/requests")).json()["data"]
    assert not after["isError"]
    assert [request["method"] for request in asked] == ["POST"] * 4 + ["GET"]


async def test_when_redis_dies_under_load_each_call_is_on_record_once_it_is_back(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    async with in_process(MCP_AUDIT_REDIS_STREAM=STREAM, MCP_REDIS_URL=own_redis.url) as http:
        await calls(http, "list_configs", {}, 10)
        await until(lambda: len(in_stream(own_redis.url)) == 10)
        own_redis.kill()
        results = await calls(http, "list_prompts", {}, 10)
        while (await component(http))["status"] == "ok":  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
        results += await calls(http, "list_prompts", {}, 10)
        own_redis.start()
        while (await component(http))["status"] != "ok":  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        # It kept nothing on disk.
        await until(lambda: len(in_stream(own_redis.url)) == 20)
        kept = in_stream(own_redis.url)
    assert not any(result["isError"] for result in results)
    assert len({record["id"] for record in kept}) == 20
    assert {record["tool"] for record in kept} == {"list_prompts"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"MCP_AUDIT_FILE": "/nowhere/at/all/audit.jsonl"}, "Make its directory first"),
        ({"MCP_AUDIT_FILE": "/"}, "this is a directory"),
        ({"MCP_AUDIT_REDIS_STREAM": "s"}, "MCP_AUDIT_REDIS_STREAM needs a Redis"),
    ],
)
@pytest.mark.parametrize("stdio", [True, False])
def test_settings_that_could_keep_no_record_stop_the_start(
    settings: dict[str, str],
    told: str,
    stdio: bool,  # noqa: FBT001 - a case
) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(settings, stdio=stdio)


def test_required_records_without_a_place_are_warned_of() -> None:
    (warning,) = read_settings({"MCP_AUDIT_REQUIRED": "true"}).warnings
    assert "MCP_AUDIT_FILE" in warning
