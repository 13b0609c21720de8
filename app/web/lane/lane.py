"""Serves the calls that every check lets through."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.auth.bearer import AuthorizationHeaderError, parse_authorization
from app.auth.principal import ANONYMOUS
from app.web.errors import http_exception_response
from app.web.lane.head import AUTHORIZATION, BROUGHT_KEY, LISTEN, Heads
from app.web.middleware import rate_limit_address, rate_limit_principal
from app.web.middleware.concurrency import owner_of
from app.web.middleware.cors import add_cors
from app.web.middleware.grants import GrantRefusedError, grant
from app.web.middleware.measure import count
from app.web.middleware.request_id import HEADER as REQUEST_ID
from app.web.middleware.request_id import add_request_id, request_id_of
from app.web.middleware.security_headers import add_security_headers
from app.web.middleware.tool_scopes import risk_beyond
from app.web.middleware.unexpected_errors import internal_error
from app.web.rate_limits.answers import add_headers
from app.web.rate_limits.limits import address_bucket, principal_bucket
from app.web.rate_limits.memory import MemoryStore

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.auth.principal import Principal
    from app.web.access_lines import AccessLines
    from app.web.lane.head import Head
    from app.web.middleware.selection import SelectingUrls
    from app.web.options import WebOptions
    from app.web.places import Places
    from app.web.rate_limits.limits import Limit, Verdict


class Entry(NamedTuple):
    """A request that is let in. It holds a place, which is to be given back."""

    head: Head
    owner: str | None
    policy: str
    verdict: Verdict | None


class Lane:
    """Does for a request that passes them what the middleware behind it does, in one go.

    A request that has anything about it which one of them might refuse, or that has to wait for an answer
    (about a token, or from a limit that processes share), is left to them as it came.

    Args:
        app: The middleware, and all routes behind.
        mcp: The MCP endpoint, behind the checks of the body.
        options: As for the middleware.
        places: Where the middleware counts calls.
        urls: Reads what the URL asks for.
        lines: Writes the access log.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        mcp: ASGIApp,
        options: WebOptions,
        places: Places,
        urls: SelectingUrls,
        lines: AccessLines,
    ) -> None:
        self._app = app
        self._mcp = mcp
        self._heads = Heads(options)
        self._verifier = options.verifier
        self._grants = options.grants
        self._risk_of = options.risk_of
        self._places = places
        self._urls = urls
        self._lines = lines
        self._metrics = options.metrics
        limits = options.rate_limits
        self._limit = None if limits is None else limits.limit
        self._buckets = limits.store if limits is not None and isinstance(limits.store, MemoryStore) else None
        self._is_open = limits is None or self._buckets is not None
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = time.perf_counter()
        asked = self._heads.read(scope) if self._is_open else None
        entry = None if asked is None else self._let_in(scope, *asked)
        if entry is None:
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, scope, entry, self._limit)
        tokens = structlog.contextvars.bind_contextvars(request_id=scope["request_id"])
        if self._metrics is not None:
            self._metrics.began("call")
        try:
            await self._serve(scope, receive, answer)
        finally:
            self._places.give_back(entry.owner)
            seconds = time.perf_counter() - started
            if self._metrics is not None:
                count(self._metrics, scope, answer.status, seconds, is_stream=False)
            self._lines.write(scope, answer.status, seconds, answer.sent_bytes, answer.outcome)
            structlog.contextvars.reset_contextvars(**tokens)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                answer.client_left()
            return message

        try:
            await self._mcp(scope, watched, answer.send)
        except Exception as error:
            if answer.status is None and isinstance(error, HTTPException):
                response = await http_exception_response(Request(scope), error)
            else:
                self._log.exception("request_failed")
                if answer.status is not None:
                    raise
                response = internal_error(scope)
                answer.tells_limit = False
            await response(scope, receive, answer.send)

    def _let_in(self, scope: Scope, head: Head, own: dict[bytes, bytes]) -> Entry | None:
        """Tell the scope what is known of a request, and take what it takes; None and nothing if refused."""
        principal = self._principal(own)
        if principal is None or own.get(b"mcp-method") == LISTEN:
            return None
        seen: dict[str, Any] = {"principal": principal, "query_string": scope["query_string"]}
        brought = own.pop(BROUGHT_KEY, None)
        try:
            grant(seen, self._grants, () if brought is None else (brought,))
            self._urls.narrow(seen)
        except (GrantRefusedError, ValueError):
            return None
        if self._risk_of is not None and risk_beyond(seen["policy"], own, self._risk_of) is not None:
            return None
        client = head.client
        if client is not None:
            seen["client"] = client if client[1] is not None else (client[0], scope["client"][1])
        owner = owner_of(principal)
        if not self._places.take(owner):
            return None
        policy, verdict = self._take_token(seen, principal)
        if verdict is None and self._buckets is not None:
            self._places.give_back(owner)
            return None
        scope.update(seen)
        scope["scheme"] = head.scheme
        scope["headers"] = [*head.headers, *own.items()]
        scope["request_id"] = request_id_of(own.get(REQUEST_ID))
        return Entry(head, owner, policy, verdict)

    def _principal(self, own: dict[bytes, bytes]) -> Principal | None:
        if self._verifier is None:
            return ANONYMOUS
        try:
            return self._verifier.known(parse_authorization(own.get(AUTHORIZATION, b"")))
        except AuthorizationHeaderError:
            return None

    def _take_token(self, scope: Scope, principal: Principal) -> tuple[str, Verdict | None]:
        if self._buckets is None or self._limit is None:
            return "", None
        address = address_bucket(scope)
        if principal.kind == "anonymous":
            return rate_limit_address.POLICY, self._buckets.take_from_both(address, None, self._limit)
        bucket = principal_bucket(principal.id)
        return rate_limit_principal.POLICY, self._buckets.take_from_both(address, bucket, self._limit)


class _Answer:
    """The way out: sends an answer with the headers that every answer has, and notes what became of it.

    Attributes:
        status: None until it has begun.
        tells_limit: Whether it says how much of a rate limit is left.
        sent_bytes: The length of its body so far.
    """

    def __init__(self, send: Send, scope: Scope, entry: Entry, limit: Limit | None) -> None:
        self._send = send
        self._scope = scope
        self._entry = entry
        self._limit = limit
        self._completed = self._left = False
        self.tells_limit = True
        self.status: int | None = None
        self.sent_bytes = 0

    @property
    def outcome(self) -> str:
        """How it ended, as the access log says."""
        return "completed" if self._completed else "disconnected" if self._left else "aborted"

    def client_left(self) -> None:
        """Note that there is nobody any more to send it to."""
        if not self._completed:
            self._left = True

    async def send(self, message: Message) -> None:
        """Send a part of it."""
        if message["type"] == "http.response.start":
            self._add_headers(message)
            await self._send(message)
            self.status = message["status"]
            return
        await self._send(message)
        self.sent_bytes += len(message.get("body", b""))
        self._completed = not self._left and not message.get("more_body", False)

    def _add_headers(self, message: Message) -> None:
        head, _, policy, verdict = self._entry
        if self.tells_limit and verdict is not None and self._limit is not None:
            add_headers(message, policy, self._limit, verdict)
        headers = message["headers"]
        request_id: str = self._scope["request_id"]
        if head.answer_names.isdisjoint([name for name, _ in headers]):
            message["headers"] = [*headers, *head.answer, (REQUEST_ID, request_id.encode("ascii"))]
            return
        add_cors(message, head.origin)
        add_security_headers(message, https=head.scheme == "https")
        add_request_id(message, request_id)
