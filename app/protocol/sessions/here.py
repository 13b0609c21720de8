"""The sessions that are in use in this process, and how they are found, opened and ended."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import anyio
import orjson
import structlog
from starlette.responses import Response

from app.protocol.answers import session_not_found, try_again
from app.protocol.auditing import Client
from app.protocol.sessions.bus import Word
from app.protocol.sessions.store import (
    MAX_ID_LENGTH,
    SessionRecord,
    StoreUnavailableError,
    digest_of,
    key_of,
    new_session_id,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from app.protocol.sessions.bus import Bus
    from app.protocol.sessions.store import Refusal, SessionStore

log = structlog.get_logger(__name__)

CANCELLED: Final = "notifications/cancelled"

_LINGER: Final = 60.0
_MAX_UNUSED: Final = 2000
_SHORTEST_SWEEP: Final = 0.02
_GOODBYE: Final = 2.0
_RETRY_SESSION: Final = 30
"""Nobody knows when a session will end; this is often enough to ask."""


class Answering(Protocol):
    """A request that is being answered without the SDK."""

    def cancel(self) -> None:
        """End it: its client does not want the answer any more."""

    def abandon(self) -> None:
        """End it: its session is over."""


class Live(Protocol):
    """The SDK's side of a session."""

    @property
    def ended(self) -> bool:
        """Whether it takes no more requests."""

    @property
    def in_use(self) -> bool:
        """Whether a request is being answered, a stream is open, or a call is running with nobody there."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str | int | None) -> None:
        """Answer one HTTP request, whose message is a request with that id, or is none."""

    async def deliver(self, body: bytes) -> None:
        """Take in a message that reached another replica."""

    async def close(self) -> None:
        """End it, with the streams that are open and the calls that are running."""


@dataclass(slots=True, eq=False)
class SessionHere:
    """A session in use here, and what its next request needs when the store cannot be asked.

    Attributes:
        session_id: Its id.
        owner: Whose it is, as `owner_of` names them.
        record: What is known of it.
        used_at: When its last request began or ended, on the monotonic clock.
        client: What its client calls itself.
        digest: What the audit trail calls it.
        live: The SDK's side of it; None as long as nothing has needed that.
    """

    session_id: str
    owner: str
    record: SessionRecord
    used_at: float
    client: Client
    digest: str
    live: Live | None = None
    _answering: list[tuple[str | int, Answering]] = field(default_factory=list)

    @property
    def in_use(self) -> bool:
        """Whether a request is being answered, a stream is open, or a call is running with nobody there."""
        return bool(self._answering) or (self.live is not None and self.live.in_use)

    def began(self, request_id: str | int, answering: Answering) -> None:
        """Take note of a request that is answered without the SDK; `over` must follow."""
        self._answering.append((request_id, answering))

    def over(self, request_id: str | int, answering: Answering) -> None:
        """Forget a request that was noted."""
        self._answering.remove((request_id, answering))
        self.used_at = time.monotonic()

    def cancel(self, request_id: object) -> None:
        """End the latest request of this id that is answered without the SDK, if there is one."""
        wanted = _as_id(request_id)
        for known, answering in reversed(self._answering):
            if _as_id(known) == wanted:
                answering.cancel()
                return

    async def take_in(self, body: bytes) -> None:
        """Take in a message that reached another replica."""
        if self._answering:
            message = orjson.loads(body)
            if message.get("method") == CANCELLED:
                self.cancel((message.get("params") or {}).get("requestId"))
        if self.live is not None and not self.live.ended:
            await self.live.deliver(body)

    async def close(self) -> None:
        """End what is going on in it here."""
        for _, answering in self._answering:
            answering.abandon()
        if self.live is not None:
            await self.live.close()


class SessionsHere:
    """Finds, opens and ends sessions, and keeps in mind those that are in use here.

    A session is a record in the store. While it is in use, and for a while after, this process keeps in mind
    what it knows of it; then it is put away, and found in the store when it is needed. So a session that a
    client left behind costs its record alone, and any replica can go on with it.

    Args:
        store: Where the records are.
        bus: Reaches the other replicas.
        idle_timeout: Seconds after which the store forgets an unused session; None for never.
        linger: Seconds a session is kept in mind after its last use.
        max_unused: Sessions that are kept in mind and not in use at most; those unused for longest go first.
    """

    def __init__(
        self,
        store: SessionStore,
        bus: Bus,
        *,
        idle_timeout: float | None = None,
        linger: float = _LINGER,
        max_unused: int = _MAX_UNUSED,
    ) -> None:
        self._store = store
        self._bus = bus
        self._linger = linger
        self._max_unused = max_unused
        self._sweep_every = max(min(linger, idle_timeout or linger) / 4, _SHORTEST_SWEEP)
        self._sessions: dict[str, SessionHere] = {}

    def __len__(self) -> int:
        """How many sessions are kept in mind."""
        return len(self._sessions)

    @property
    def open(self) -> int:
        """How many sessions are open, here and in other processes."""
        return self._store.count

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Put away what is not used within this context; at its end everything is."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._sweep)
            try:
                yield
            finally:
                await self.close_all()
                tasks.cancel_scope.cancel()

    async def find(self, session_id: str, owner: str) -> SessionHere | Response:
        """Return a session and start its idle time anew, or the answer to who has none of this id."""
        try:
            kept = await self._store.touch(session_id, owner) if len(session_id) <= MAX_ID_LENGTH else None
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            here = self._sessions.get(key_of(session_id))
            if here is not None and here.owner == owner:
                return here
            return try_again("Sessions cannot be looked up at the moment. Try again soon: yours goes on.")
        key = key_of(session_id)
        here = self._sessions.get(key)
        if kept is None:
            if here is not None and here.owner == owner:
                await self._close(key)
            return session_not_found()
        if here is None:
            return self._keep_in_mind(key, session_id, owner, SessionRecord.load(kept))
        here.used_at = time.monotonic()
        return here

    async def begin(self, owner: str, record: SessionRecord) -> SessionHere | Response:
        """Open a session, or return the answer to who cannot have one."""
        session_id = new_session_id()
        try:
            refusal = await self._store.open(session_id, owner, record.dump())
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            return try_again("No session can be opened at the moment. Try again soon.")
        if refusal is not None:
            return _too_many(refusal)
        return self._keep_in_mind(key_of(session_id), session_id, owner, record)

    async def end(self, here: SessionHere) -> None:
        """End a session everywhere.

        Raises:
            StoreUnavailableError: It may go on elsewhere.
        """
        await self._store.end(here.session_id, here.owner)
        await self._close(key_of(here.session_id))

    async def dismiss(self, here: SessionHere) -> Response:
        """End a session at the wish of its client; return the answer."""
        try:
            await self.end(here)
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            return try_again("The session cannot be ended at the moment. Try again soon.")
        return Response(status_code=200, media_type="application/json")

    async def pass_on(self, here: SessionHere, body: bytes) -> Response | None:
        """Tell the other replicas of a message: it may be for one of them.

        Return an answer when they cannot be told, and nothing is going on here that it could be for.
        """
        try:
            await self._bus.tell(Word("message", key_of(here.session_id), body))
        except StoreUnavailableError as error:
            log.warning("message_not_passed_on", reason=str(error))
            if not here.in_use and here.live is None:
                return try_again("This message cannot be passed on at the moment. Try again soon.")
        return None

    async def hear(self, word: Word) -> None:
        """Take in what another replica tells of a session."""
        here = self._sessions.get(word.about)
        if here is None:
            return
        if word.kind == "ended":
            await self._close(word.about)
        elif word.kind == "message":
            await here.take_in(word.body)

    async def close_all(self) -> None:
        """Put away every session, with what is going on in it."""
        with anyio.move_on_after(_GOODBYE, shield=True):
            await asyncio.gather(*(self._close(key) for key in list(self._sessions)))

    def _keep_in_mind(self, key: str, session_id: str, owner: str, record: SessionRecord) -> SessionHere:
        said = record.params.get("clientInfo", {})
        here = self._sessions[key] = SessionHere(
            session_id,
            owner,
            record,
            time.monotonic(),
            Client(name=said.get("name"), version=said.get("version")),
            digest_of(session_id),
        )
        return here

    async def _close(self, key: str) -> None:
        here = self._sessions.pop(key, None)
        if here is not None:
            await here.close()

    async def _sweep(self) -> None:
        """Put away what is not in use, and keep the records of what is."""
        while True:
            await asyncio.sleep(self._sweep_every)
            await self._keep_used()
            put_away_before = time.monotonic() - self._linger
            unused = sorted((here.used_at, key) for key, here in self._sessions.items() if not here.in_use)
            surplus = len(unused) - self._max_unused
            for position, (used_at, key) in enumerate(unused):
                here = self._sessions.get(key)
                if here is None or here.in_use:
                    continue
                has_ended = here.live is not None and here.live.ended
                if position < surplus or used_at < put_away_before or has_ended:
                    await self._close(key)

    async def _keep_used(self) -> None:
        """Start the idle time anew of sessions in use without new requests; end those that are gone."""
        for key, here in list(self._sessions.items()):
            if not here.in_use or time.monotonic() - here.used_at < self._sweep_every:
                continue
            try:
                found = await self._store.touch(here.session_id, here.owner)
            except StoreUnavailableError:
                return
            if found is None:
                await self._close(key)
            else:
                here.used_at = time.monotonic()


def _as_id(value: object) -> object:
    """Return an id as ids are compared: clients may write 7 as "7"."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _too_many(refusal: Refusal) -> Response:
    if refusal == "quota":
        return try_again(
            "You have as many sessions open as one caller may (MCP_MAX_SESSIONS_PER_PRINCIPAL)."
            " End one of them (DELETE), or wait until one ends by itself.",
            status=429,
            seconds=_RETRY_SESSION,
        )
    return try_again(
        "This server has as many sessions open as it takes (MCP_MAX_SESSIONS). Please try again later.",
        seconds=_RETRY_SESSION,
    )
