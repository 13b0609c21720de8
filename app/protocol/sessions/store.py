"""The interface of the session records, whatever keeps them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import orjson

from app.auth.policy import Narrowing

if TYPE_CHECKING:
    from app.telemetry.component import ComponentState

MAX_ID_LENGTH: Final = 64
MAX_RECORD_BYTES: Final = 64 * 1024
"""A client describes itself in far less; more than this is not kept."""

_DIGEST_HEX_DIGITS: Final = 32

Refusal = Literal["full", "quota"]
"""Why no session was opened: too many in all, or too many of this principal."""


class StoreUnavailableError(Exception):
    """The store could not be reached in time, or refused. The message names no address and no content."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What is known of a session, enough to go on with it in any process.

    Attributes:
        version: The protocol version that was agreed on.
        params: What the client sent with `initialize`: its name, its capabilities.
        narrowing: The tools that the URL of that request asked for; None where URLs do not.
    """

    version: str
    params: dict[str, Any]
    narrowing: Narrowing | None = None

    def dump(self) -> bytes:
        """Return the record as JSON."""
        narrowing = self.narrowing
        chosen = narrowing and {
            "domains": None if narrowing.domains is None else sorted(narrowing.domains),
            "read_only": narrowing.read_only,
        }
        return orjson.dumps({"version": self.version, "params": self.params, "narrowing": chosen})

    @classmethod
    def load(cls, data: bytes) -> SessionRecord:
        """Return the record that `dump` made."""
        fields = orjson.loads(data)
        chosen = fields["narrowing"]
        narrowing = None
        if chosen is not None:
            domains = chosen["domains"]
            narrowing = Narrowing(None if domains is None else frozenset(domains), chosen["read_only"])
        return cls(fields["version"], fields["params"], narrowing)


class SessionStore(Protocol):
    """Records of open sessions, and their limits. Each operation names the owner, and sees no other's.

    A session that was not used for the idle time is gone, wherever it was used last.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes see the same sessions."""

    @property
    def count(self) -> int:
        """How many sessions are open, as of the last answer."""

    async def open(self, session_id: str, owner: str, record: bytes) -> Refusal | None:
        """Keep a new session, unless there are too many. An owner "" is nobody, and has no quota.

        Raises:
            StoreUnavailableError: Nobody knows whether it is kept; it is not used.
        """

    async def touch(self, session_id: str, owner: str) -> bytes | None:
        """Return the record of a session and start its idle time anew; None when it is not there for `owner`.

        Raises:
            StoreUnavailableError: The store cannot say.
        """

    async def end(self, session_id: str, owner: str) -> bool:
        """Forget a session, and tell all who have it live. Return whether it was there for `owner`.

        Raises:
            StoreUnavailableError: The store cannot say.
        """

    def state(self) -> ComponentState:
        """Return how the store is."""

    async def aclose(self) -> None:
        """Let go of what the store holds."""


def new_session_id() -> str:
    """Return 192 random bits as text that fits a header."""
    return secrets.token_urlsafe(24)


def digest_of(session_id: str) -> str:
    """Return what the audit trail calls a session: who reads that must not be able to enter it."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]


def key_of(session_id: str) -> str:
    """Return what a session is called where its id, which opens it, should not be read."""
    return hashlib.blake2b(session_id.encode(), digest_size=16, person=b"mcp-session").hexdigest()
