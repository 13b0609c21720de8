from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.portkey.client import NO_BODY, ApiAnswer, ApiRequest, NoBody, PortkeyClient
from app.portkey.credential import Credential
from app.portkey.errors import PortkeyError
from app.portkey.in_process import InProcessTransport, Message, Receive, Send
from app.portkey.json_types import JsonValue
from app.portkey.network import NetworkTransport
from app.portkey.urls import BaseUrl
from tests.portkey.servers import DEADLINE, Reply, WireServer, answer, drop, raw, wire_server

KEY = "pk-admin-0123456789"
CREDENTIAL = Credential(KEY)
READ = ApiRequest("GET", "/users/{user_id}", {"user_id": "u-77"}, [("search", "jane doe")])
WRITES = [ApiRequest(method, "/users") for method in ("POST", "PUT", "PATCH", "DELETE")]
STALLED = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then_hang=True)


@dataclass
class Clock:
    """Time that passes only while the client waits."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def wait(self, pause: float) -> None:
        self.waits.append(pause)
        self.now += pause


@dataclass
class Told:
    reasons: list[str] = field(default_factory=list)

    async def __call__(self, reason: str) -> None:
        self.reasons.append(reason)


MakeClient: TypeAlias = Callable[..., PortkeyClient]


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    clients: list[PortkeyClient] = []

    def make(
        server: WireServer | str,
        clock: Clock | None = None,
        *,
        timeout: float = DEADLINE,
        max_bytes: int = 1000,
    ) -> PortkeyClient:
        origin = server if isinstance(server, str) else server.origin
        clock = clock or Clock()
        client = PortkeyClient(
            NetworkTransport(trust_env=False),
            BaseUrl.parse(f"{origin}/v1", allow_private=True, allow_http=True, public=origin),
            user_agent="portkey-admin-mcp/1.2.3",
            timeout=timeout,
            max_response_bytes=max_bytes,
            max_attempts=3,
            wait=clock.wait,
            jitter=lambda: 1.0,
            clock=clock,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


async def failure(call: Awaitable[ApiAnswer]) -> PortkeyError:
    with pytest.raises(PortkeyError) as caught:
        await call
    return caught.value


async def test_read_carries_key_query_and_agent(make_client: MakeClient) -> None:
    async with wire_server(answer(200, b'{"id":"u"}', x_portkey_trace_id="t", x_request_id="r")) as server:
        result = await make_client(server).call(READ, CREDENTIAL)
    assert result == ApiAnswer(200, {"id": "u"}, "t")
    received = server.requests[0]
    assert (received.method, received.target, received.body) == (
        "GET",
        "/v1/users/u-77?search=jane%20doe",
        b"",
    )
    assert received.headers["x-portkey-api-key"] == KEY
    assert received.headers["accept"] == "application/json"
    assert received.headers["user-agent"] == "portkey-admin-mcp/1.2.3"
    assert "content-type" not in received.headers


@pytest.mark.parametrize(
    ("body", "wire", "content_type"),
    [(NO_BODY, b"", None), (None, b"null", "application/json"), ({"a": 0}, b'{"a":0}', "application/json")],
)
async def test_content_type_goes_with_a_body_only(
    make_client: MakeClient, body: JsonValue | NoBody, wire: bytes, content_type: str | None
) -> None:
    async with wire_server(answer()) as server:
        call = ApiRequest("POST", "/users", body=body, base="v2")
        await make_client(server).call(call, CREDENTIAL)
    received = server.requests[0]
    assert (received.target, received.body) == ("/v2/users", wire)
    assert received.headers.get("content-type") == content_type


@pytest.mark.parametrize("credential", [None, CREDENTIAL])
async def test_public_endpoints_are_called_without_the_key(
    make_client: MakeClient, credential: Credential | None
) -> None:
    async with wire_server(answer()) as server:
        await make_client(server).call(ApiRequest("GET", "/model-configs", base="public"), credential)
    assert server.requests[0].target == "/model-configs"
    assert "x-portkey-api-key" not in server.requests[0].headers


@pytest.mark.parametrize(("body", "data"), [(b"", None), (b"OK", "OK")])
async def test_success_without_json_is_success(make_client: MakeClient, body: bytes, data: JsonValue) -> None:
    async with wire_server(answer(200, body)) as server:
        result = await make_client(server).call(WRITES[0], CREDENTIAL)
    assert result == ApiAnswer(200, data, None)


@pytest.mark.parametrize(
    ("request_", "credential", "says", "next_step"),
    [
        (READ, None, "No Portkey API key", "Set PORTKEY_API_KEY"),
        (READ, Credential(f"{KEY}\r\nX-Evil: 1"), "control character", "Set PORTKEY_API_KEY"),
        (READ, Credential(f"{KEY}é"), "characters", "Set PORTKEY_API_KEY"),
        (ApiRequest("GET", "/u/{id}", {"id": ".."}), CREDENTIAL, "id must not", "Correct id"),
        (ApiRequest("GET", "/u", query=[("q", "\ud800")]), CREDENTIAL, "not valid Unicode", "Correct"),
        (ApiRequest("POST", "/u", body=[float("nan")]), CREDENTIAL, "not finite", "Correct the arguments"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_any_network(
    make_client: MakeClient,
    unused_port: int,
    request_: ApiRequest,
    credential: Credential | None,
    says: str,
    next_step: str,
) -> None:
    client = make_client(f"http://127.0.0.1:{unused_port}")
    error = await failure(client.call(request_, credential))
    assert says in error.message
    assert "Nothing was sent" in error.message
    assert next_step in error.next_step
    assert (error.status, error.retryable, error.may_have_applied) == (None, False, False)
    assert KEY not in f"{error} {error.next_step}"


@pytest.mark.parametrize("trouble", [answer(502), answer(503), answer(504), answer(429), drop()])
async def test_read_is_repeated_after_passing_trouble(make_client: MakeClient, trouble: Reply) -> None:
    clock, told = Clock(), Told()
    async with wire_server(trouble, trouble, answer()) as server:
        result = await make_client(server, clock).call(READ, CREDENTIAL, on_wait=told)
    assert result.status == 200
    assert clock.waits == [0.25, 0.5]
    assert all("trying again in" in reason for reason in told.reasons)
    assert len(told.reasons) == 2


async def test_read_gives_up_after_the_last_attempt(make_client: MakeClient) -> None:
    async with wire_server(answer(503)) as server:
        error = await failure(make_client(server).call(READ, CREDENTIAL))
    assert len(server.requests) == 3
    assert (error.status, error.retryable) == (503, True)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 500])
async def test_other_refusals_are_final_at_once(make_client: MakeClient, status: int) -> None:
    async with wire_server(answer(status, Location="/elsewhere")) as server:
        error = await failure(make_client(server).call(READ, CREDENTIAL))
    assert len(server.requests) == 1
    assert error.status == status


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.method)
@pytest.mark.parametrize("trouble", [answer(502), answer(503), answer(504), drop()])
async def test_write_that_arrived_is_never_repeated(
    make_client: MakeClient, write: ApiRequest, trouble: Reply
) -> None:
    async with wire_server(trouble, answer()) as server:
        error = await failure(make_client(server).call(write, CREDENTIAL))
    assert len(server.requests) == 1
    assert error.may_have_applied
    assert not error.retryable
    assert "Check before repeating" in error.message


async def test_write_that_was_never_sent_is_repeated(make_client: MakeClient, unused_port: int) -> None:
    clock, told = Clock(), Told()
    client = make_client(f"http://127.0.0.1:{unused_port}", clock)
    error = await failure(client.call(WRITES[0], CREDENTIAL, on_wait=told))
    assert clock.waits == [0.25, 0.5]
    assert told.reasons[0] == "Portkey could not be reached; trying again in 0.2 s."
    assert (error.retryable, error.may_have_applied) == (True, False)
    assert "PORTKEY_BASE_URL" in error.next_step


@pytest.mark.parametrize("call", [READ, *WRITES], ids=lambda call: call.method)
async def test_retry_after_is_obeyed(make_client: MakeClient, call: ApiRequest) -> None:
    clock, told = Clock(), Told()
    async with wire_server(answer(429, Retry_After="2"), answer()) as server:
        result = await make_client(server, clock).call(call, CREDENTIAL, on_wait=told)
    assert result.status == 200
    assert clock.waits == [2.0]
    assert told.reasons == ["Portkey asked to wait 2 s."]


async def test_limited_write_is_not_repeated_unless_portkey_says_when(make_client: MakeClient) -> None:
    async with wire_server(answer(429)) as server:
        error = await failure(make_client(server).call(WRITES[0], CREDENTIAL))
    assert len(server.requests) == 1
    assert (error.retryable, error.may_have_applied) == (True, False)


@pytest.mark.parametrize("call", [READ, WRITES[0]], ids=lambda call: call.method)
async def test_wait_beyond_the_deadline_is_reported_instead(
    make_client: MakeClient, call: ApiRequest
) -> None:
    clock = Clock()
    async with wire_server(answer(429, Retry_After="60")) as server:
        error = await failure(make_client(server, clock).call(call, CREDENTIAL))
    assert clock.waits == []
    assert (error.retry_after, error.next_step) == (60.0, "Wait 60 s, then call again.")


async def test_deadline_covers_all_attempts_together(make_client: MakeClient) -> None:
    clock = Clock()
    async with wire_server(answer(429, Retry_After="4"), answer(429, Retry_After="4"), answer()) as server:
        error = await failure(make_client(server, clock, timeout=6).call(READ, CREDENTIAL))
    assert clock.waits == [4.0]
    assert error.status == 429


async def test_late_read_may_be_repeated_by_the_caller(make_client: MakeClient) -> None:
    async with wire_server(STALLED) as server:
        error = await failure(make_client(server, timeout=0.1).call(READ, CREDENTIAL))
    assert "did not answer within 0.1 s" in error.message
    assert error.retryable
    assert len(server.requests) == 1


async def test_late_write_must_be_checked(make_client: MakeClient) -> None:
    async with wire_server(raw(b"", then_hang=True)) as server:
        error = await failure(make_client(server, timeout=0.1).call(WRITES[0], CREDENTIAL))
    assert (error.may_have_applied, error.retryable) == (True, False)


@pytest.mark.parametrize(
    "reply",
    [STALLED, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), answer(200, b"x" * 2000)],
    ids=["late", "lost", "too large"],
)
async def test_write_that_succeeded_is_success_although_its_body_is_missing(
    make_client: MakeClient, reply: Reply
) -> None:
    async with wire_server(reply) as server:
        result = await make_client(server, timeout=0.3).call(WRITES[0], CREDENTIAL)
    assert result.status == 200
    assert isinstance(result.data, str)
    assert "Portkey carried out the request (200)" in result.data
    assert "Do not repeat the call" in result.data


async def test_refusal_with_an_unreadable_explanation_is_still_a_refusal(make_client: MakeClient) -> None:
    async with wire_server(answer(404, b"x" * 2000)) as server:
        error = await failure(make_client(server).call(WRITES[0], CREDENTIAL))
    assert (error.status, error.may_have_applied) == (404, False)


async def test_read_that_is_too_large_says_to_ask_for_less(make_client: MakeClient) -> None:
    async with wire_server(answer(200, b"x" * 2000)) as server:
        error = await failure(make_client(server).call(READ, CREDENTIAL))
    assert "1,000 bytes" in error.message
    assert "smaller page" in error.next_step


async def test_cancelling_the_call_hangs_up_on_portkey(make_client: MakeClient) -> None:
    async with wire_server(STALLED) as server:
        call = asyncio.create_task(make_client(server).call(READ, CREDENTIAL))
        await server.arrived.wait()
        call.cancel()
        async with asyncio.timeout(DEADLINE):
            await server.hang_ups.wait()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_each_request_is_logged_without_key_ids_or_values(make_client: MakeClient) -> None:
    with structlog.testing.capture_logs() as logs:
        async with wire_server(answer(503), drop(), answer()) as server:
            await make_client(server).call(READ, CREDENTIAL)
    assert [(line["attempt"], line["status"], line["failure"], line["log_level"]) for line in logs] == [
        (1, 503, None, "info"),
        (2, None, "ConnectionLost", "info"),
        (3, 200, None, "debug"),
    ]
    assert {line["path"] for line in logs} == {"/users/{user_id}"}
    assert {line["method"] for line in logs} == {"GET"}
    assert all(line["duration_ms"] >= 0 for line in logs)
    assert not any(secret in str(logs) for secret in (KEY, "u-77", "jane"))


@given(status=st.integers(100, 599), body=st.binary(max_size=200), write=st.booleans())
def test_any_answer_is_an_answer_or_a_portkey_error(status: int, body: bytes, *, write: bool) -> None:
    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body + KEY.encode()})

    clock = Clock()
    client = PortkeyClient(
        InProcessTransport(app),
        BaseUrl("http://sandbox/v1"),
        user_agent="test",
        timeout=10,
        max_response_bytes=1000,
        max_attempts=2,
        wait=clock.wait,
        clock=clock,
    )

    async def call() -> ApiAnswer | PortkeyError:
        try:
            return await client.call(WRITES[0] if write else READ, CREDENTIAL)
        except PortkeyError as error:
            return error

    outcome = asyncio.run(call())
    assert outcome.status == status
    assert isinstance(outcome, ApiAnswer) is (200 <= status < 300)
    if isinstance(outcome, PortkeyError):
        assert KEY not in outcome.message
        assert not (outcome.retryable and outcome.may_have_applied)
