"""The same generated requests with the lane and without: nobody can tell which way they went."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from app.auth.bearer import BearerVerifier
from app.auth.grants import Grant, SameForAll
from app.auth.policy import ALLOW_ALL, Policy
from app.auth.portkey_key import named_key
from app.web.allow_list import AllowList
from app.web.lane.lane import Lane
from app.web.middleware.origin import OriginGuard
from app.web.rate_limits.limits import Limit, RateLimits
from app.web.rate_limits.memory import MemoryStore
from app.web.trusted_proxies import TrustedProxies
from tests.web.support import Mcp, build

REQUESTS = 500
TOKEN = "s3cret"
NAMED = named_key("team_a", "pk-team-a-0123456789")

Pair = tuple[bytes, bytes]

USUAL: list[Pair] = [
    (b"host", b"localhost:3000"),
    (b"accept", b"application/json, text/event-stream"),
    (b"content-type", b"application/json"),
    (b"user-agent", b"agent/1"),
    (b"mcp-protocol-version", b"2026-07-28"),
]
CREDENTIALS: st.SearchStrategy[list[Pair]] = st.sampled_from(
    [
        *[[(b"authorization", b"Bearer s3cret")]] * 8,
        [(b"authorization", b"bearer  s3cret ")],
        [(b"authorization", b"Bearer other")],
        [(b"authorization", b"Basic s3cret")],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer s3cret"), (b"authorization", b"Bearer s3cret")],
        [],
    ]
)
EXTRAS: st.SearchStrategy[list[Pair]] = st.lists(
    st.sampled_from(
        [
            (b"mcp-method", b"tools/call"),
            (b"mcp-method", b"subscriptions/listen"),
            (b"mcp-name", b"list_users "),
            (b"mcp-name", b"\x1b[31m"),
            (b"mcp-session-id", b"abc"),
            (b"x-request-id", b"mine-1"),
            (b"x-request-id", b"not well-formed"),
            (b"origin", b"http://localhost:5173"),
            (b"origin", b"https://app.example.com"),
            (b"origin", b"https://evil.example"),
            (b"origin", b"null"),
            (b"host", b"evil.example"),
            (b"host", b"localhost"),
            (b"x-forwarded-for", b"203.0.113.7"),
            (b"x-forwarded-for", b"198.51.100.9, 203.0.113.7:4711"),
            (b"x-forwarded-for", b"nonsense"),
            (b"x-forwarded-proto", b"https"),
            (b"forwarded", b"for=203.0.113.8;proto=https"),
            (b"x-portkey-api-key", b"pk-caller-0123456789"),
            (b"x-portkey-api-key", b"short"),
            (b"content-encoding", b"identity"),
            (b"content-encoding", b"gzip"),
            (b"expect", b"100-continue"),
            (b"last-event-id", b"7"),
            (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            (b"x-forwarded-host", b"evil.example"),
            (b"accept", b"*/*"),
            (b"user-agent", b" blanks around \t"),
        ]
    ),
    max_size=3,
)
CALLS: st.SearchStrategy[list[Pair]] = st.sampled_from(
    [[], [], [(b"mcp-method", b"tools/call"), (b"mcp-name", b"list_users")]]
)
CONTENT_TYPES = st.sampled_from(
    [
        *[[b"application/json"]] * 6,
        [b"Application/JSON; charset=utf-8"],
        [b'application/json;charset="UTF-8" '],
        [b"application/json; charset=latin-1"],
        [b"text/plain"],
        [b"application/json", b"application/json"],
        [],
    ]
)
LENGTHS = st.sampled_from([*["right"] * 6, "none", "huge", "no number", "twice"])
BODIES = st.sampled_from(
    [
        *[b'{"jsonrpc":"2.0","id":1,"method":"ping"}'] * 5,
        b"",
        b"{",
        b"\0",
        b"[" * 200 + b"]" * 200,
        b" " * 2000,
    ]
)
QUERIES = st.sampled_from(
    [*[b""] * 6, b"tools=users", b"tools=nothing", b"read_only=true", b"read_only=maybe"]
)
PATHS = st.sampled_from([*["/mcp"] * 10, "/mcp/", "/auth/info", "/other", "/mcp2"])
CLIENTS = st.sampled_from(
    [*[("127.0.0.1", 5000)] * 3, ("10.1.2.3", 9), ("203.0.113.1", 9), ("::1", 9), ("unix", 0), None]
)
METHODS = st.sampled_from([*["POST"] * 12, "GET", "DELETE", "OPTIONS", "PUT"])


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: bytes
    headers: tuple[Pair, ...]
    body: bytes
    chunks: int
    client: tuple[str, int] | None
    scheme: str


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    headers = [*USUAL, *draw(CREDENTIALS), *draw(CALLS), *draw(EXTRAS)]
    headers = [pair for pair in headers if pair[0] != b"content-type"]
    headers += [(b"content-type", each) for each in draw(CONTENT_TYPES)]
    body = draw(BODIES)
    length = draw(LENGTHS)
    if length != "none":
        told = {"huge": b"9" * 30, "no number": b"ten"}.get(length, b"%d" % len(body))
        headers += [(b"content-length", told)] * (2 if length == "twice" else 1)
    return Asked(
        method=draw(METHODS),
        path=draw(PATHS),
        query=draw(QUERIES),
        headers=tuple(draw(st.permutations(headers))),
        body=body,
        chunks=draw(st.sampled_from([1, 1, 1, 3])),
        client=draw(CLIENTS),
        scheme=draw(st.sampled_from(["http", "http", "https"])),
    )


class Store(MemoryStore):
    """Buckets that stand still, to be looked at."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0.0)

    def contents(self) -> dict[str, float]:
        return {name: bucket.tokens for name, bucket in self._buckets.items()}


class World:
    """The application with the lane or without it, and what can be seen of it."""

    def __init__(self, *, lane: bool, mcp: ASGIApp | None = None, **options: Any) -> None:
        self.mcp = Mcp()
        self.store = Store()
        options.setdefault("allowed_hosts", AllowList.parse(["localhost"]))
        application = build(
            mcp or self.mcp,
            rate_limits=RateLimits(Limit(200, 200, 60.0), self.store),
            allowed_origins=AllowList.parse(["http://localhost", "https://app.example.com"]),
            trusted_proxies=TrustedProxies.parse("loopback, 10.0.0.0/8"),
            domains=("users", "configs"),
            max_request_bytes=1000,
            **options,
        )
        whole = application.build_middleware_stack()
        assert isinstance(whole, Lane)
        self.app = whole if lane else whole._app

    async def ask(self, asked: Asked) -> dict[str, Any]:
        """Send a request; what the client, the endpoint and the operator see of it."""
        self.mcp.scope = {}
        sent: list[Message] = []
        size = -(-len(asked.body) // asked.chunks) or 1
        parts = [asked.body[at : at + size] for at in range(0, len(asked.body), size)] or [b""]
        gone = asyncio.Event()

        async def receive() -> Message:
            if parts:
                return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": asked.scheme,
            "method": asked.method,
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "root_path": "",
            "query_string": asked.query,
            "headers": list(asked.headers),
            "client": asked.client,
            "server": ("127.0.0.1", 3000),
        }
        broke = False
        with capture_logs() as logs:
            try:
                await self.app(scope, receive, send)
            except Exception:  # noqa: BLE001 - to be compared
                broke = True
        return {
            "broke": broke,
            "answer": _shown(sent),
            "reached": _reached(self.mcp.scope),
            "buckets": self.store.contents(),
            "log": [_line(line) for line in logs],
        }


def _shown(sent: Sequence[Message]) -> tuple[int, Mapping[bytes, bytes], object] | None:
    if not sent:
        return None
    start, *bodies = sent
    headers = dict(start["headers"])
    assert len(headers) == len(start["headers"])
    given = headers.pop(b"x-request-id")
    body = b"".join(message.get("body", b"") for message in bodies)
    body = body.replace(given, b"REQUEST-ID")
    return start["status"], headers, orjson.loads(body) if body.startswith(b"{") else body


def _reached(scope: dict[str, Any]) -> dict[str, Any]:
    kept = ("client", "scheme", "principal", "policy", "granted_policy", "narrowing", "portkey_key", "rule")
    shown = {name: scope.get(name) for name in kept}
    shown["user"] = scope.get("user")
    shown["headers"] = sorted(scope.get("headers", ()))
    return shown


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in line.items() if name not in ("duration_ms", "request_id", "exc_info")
    }


WORLDS: dict[str, dict[str, Any]] = {
    "bearer": {"auth_mode": "bearer", "verifier": BearerVerifier([TOKEN])},
    "open": {},
    "own keys": {
        "auth_mode": "bearer",
        "verifier": BearerVerifier([TOKEN]),
        "grants": SameForAll(Grant(ALLOW_ALL, NAMED, caller_key="optional", rule="rule 1")),
    },
    "own keys of anybody": {"grants": SameForAll(Grant(ALLOW_ALL, caller_key="required"))},
    "narrow": {
        "auth_mode": "bearer",
        "verifier": BearerVerifier([TOKEN]),
        "grants": SameForAll(Grant(Policy(domains=frozenset({"users"}), max_risk="read"))),
        "risk_of": {"list_users": "write"}.get,
        "session_mode": "stateful",
        "event_store_mode": "memory",
    },
}


@pytest.mark.parametrize("kind", WORLDS)
def test_every_request_gets_the_same_with_the_lane_and_without(kind: str) -> None:
    seen: Counter[object] = Counter()
    with_lane, without = World(lane=True, **WORLDS[kind]), World(lane=False, **WORLDS[kind])

    @seed(11)
    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def compare(asked: Asked) -> None:
        async def both() -> tuple[dict[str, Any], dict[str, Any]]:
            return await with_lane.ask(asked), await without.ask(asked)

        one, other = asyncio.run(both())
        assert one == other
        seen[one["answer"] and one["answer"][0]] += 1

    compare()
    # The requests are many of those that are served, and of each refusal.
    assert seen[200] >= REQUESTS / 100
    assert {400, 403, 405, 413} <= seen.keys()


async def test_calls_take_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the comparison would compare the middleware with itself."""
    passed = []
    whole = OriginGuard.__call__

    async def noted(self: OriginGuard, scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["path"])
        await whole(self, scope, receive, send)

    monkeypatch.setattr(OriginGuard, "__call__", noted)
    world = World(lane=True, **WORLDS["bearer"])
    body = orjson.dumps({})
    headers = (*USUAL, (b"authorization", b"Bearer s3cret"), (b"content-length", b"2"))
    usual = Asked("POST", "/mcp", b"", headers, body, 1, ("127.0.0.1", 9), "http")
    assert (await world.ask(usual))["answer"][0] == 200
    assert passed == []
    refused = Asked("POST", "/mcp", b"", (*headers, (b"origin", b"null")), body, 1, ("127.0.0.1", 9), "http")
    assert (await world.ask(refused))["answer"][0] == 403
    assert passed == ["/mcp"]


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("error", [RuntimeError("secret detail"), HTTPException(409, "secret detail")])
async def test_an_endpoint_that_fails_is_answered_the_same(error: Exception, begun: bool) -> None:  # noqa: FBT001
    async def failing(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    headers = (*USUAL, (b"content-length", b"2"))
    asked = Asked("POST", "/mcp", b"", headers, b"{}", 1, ("127.0.0.1", 9), "http")
    one = await World(lane=True, mcp=failing).ask(asked)
    other = await World(lane=False, mcp=failing).ask(asked)
    assert "secret detail" not in str(one["answer"])
    assert one == other


async def test_places_are_given_back_and_counted_with_those_of_the_middleware() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await leave.wait()
        await Mcp()(scope, receive, send)

    options = {**WORLDS["bearer"], "max_concurrent_requests_per_principal": 1}
    world = World(lane=True, mcp=waiting, **options)
    headers = (*USUAL, (b"authorization", b"Bearer s3cret"), (b"content-length", b"2"))
    plain = Asked("POST", "/mcp", b"", headers, b"{}", 1, ("127.0.0.1", 9), "http")
    whole_way = Asked("POST", "/mcp", b"", (*headers, (b"expect", b"x")), b"{}", 1, ("127.0.0.1", 9), "http")
    first = asyncio.create_task(world.ask(plain))
    await entered.wait()
    assert (await world.ask(plain))["answer"][0] == 429
    assert (await world.ask(whole_way))["answer"][0] == 429
    leave.set()
    assert (await first)["answer"][0] == 200
    assert (await world.ask(whole_way))["answer"][0] == 200
    assert (await world.ask(plain))["answer"][0] == 200
