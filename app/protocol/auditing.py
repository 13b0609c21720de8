"""Puts tool calls on record: one record for each tools/call, however it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

import structlog

from app.catalog.recorded import arguments_digest, recorded_arguments
from app.catalog.tool import Risk
from app.catalog.trace import Trace
from app.telemetry.audit.record import PortkeyRequest, ToolCallRecord
from app.telemetry.audit.trail import AuditTrail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from starlette.types import Scope

    from app.auth.policy import GovernedTool
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal
    from app.catalog.json_value import JsonObject, JsonValue
    from app.catalog.results import Outcome
    from app.protocol.caller import Caller
    from app.telemetry.audit.record import AuditOutcome

log = structlog.get_logger(__name__)

Arguments: TypeAlias = Literal["masked", "digest", "off"]
"""What of a call's arguments is kept: all but secrets, a digest, or nothing."""
CallObserver: TypeAlias = "Callable[[CallEntry], Callable[[], None]]"
"""Told when a call begins, and by what it returns when the call is on record."""

_LONGEST_AGENT: Final = 256
TRACE_CONTEXT: Final = ("traceparent", "tracestate")


class CallAudit:
    """Makes the records of tool calls.

    Args:
        trail: Where they go; nowhere unless given.
        arguments: What of the arguments is kept.
        observers: Who else is told of calls.
    """

    def __init__(
        self,
        trail: AuditTrail | None = None,
        *,
        arguments: Arguments = "masked",
        observers: Sequence[CallObserver] = (),
    ) -> None:
        self.trail = trail or AuditTrail()
        self.observers = tuple(observers)
        self._arguments = arguments

    def of(
        self,
        sender: Sender,
        caller: Caller,
        name: str,
        arguments: Mapping[str, JsonValue],
        tool: GovernedTool | None,
    ) -> CallEntry:
        """Begin the record of a call. Leaving it as a context puts it on record.

        Args:
            sender: The client it came through.
            caller: Who sent it.
            name: What is called.
            arguments: With what.
            tool: The tool of this name, whether the caller has it or not; None when there is none.
        """
        return CallEntry(
            self,
            principal=caller.principal,
            portkey_key=caller.portkey_key,
            request_id=caller.reference,
            client=sender.client,
            protocol=sender.protocol,
            session=sender.session,
            tool=name,
            risk=None if tool is None else tool.risk,
            arguments=arguments,
            carrier=sender.trace,
        )

    def denied(self, scope: Scope, name: str, risk: str | None) -> None:
        """Put a call on record that was refused before its body was read, by name, to a known caller."""
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        version = dict(scope["headers"]).get(b"mcp-protocol-version", b"").decode("latin-1")
        with CallEntry(
            self,
            principal=scope["principal"],
            portkey_key=scope.get("portkey_key"),
            request_id=scope["request_id"],
            client=client_from_agent(agent),
            protocol=version or None,
            session=None,
            tool=name,
            risk=risk,
            arguments=None,
        ) as entry:
            entry.outcome = "denied"

    def kept(
        self, arguments: Mapping[str, JsonValue] | None, secret: str | None
    ) -> tuple[JsonObject | None, str | None]:
        """Return what a record keeps of the arguments: them without secrets, or a digest, or neither.

        Args:
            arguments: What was sent; None when nobody read it.
            secret: The caller's own Portkey key.
        """
        if arguments is None or self._arguments == "off":
            return None, None
        try:
            if self._arguments == "digest":
                return None, arguments_digest(arguments, secret=secret)
            return recorded_arguments(arguments, secret=secret), None
        except Exception:
            # A record without arguments says more than none.
            log.exception("audit_arguments_failed")
            return {"...": "[left out: they could not be read]"}, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a client calls itself."""

    name: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """The client that a request came through.

    Attributes:
        client: What it calls itself.
        protocol: The MCP version it speaks.
        session: A digest of its session's id; None outside of sessions.
        trace: The members of W3C Trace Context that came with the request.
    """

    client: Client
    protocol: str | None
    session: str | None = None
    trace: Mapping[str, str] | None = None


@dataclass(slots=True)
class CallEntry:
    """One call under way. `with` it: its end, whatever it is, puts the call on record once.

    Attributes:
        outcome: What it came to; found out at the end unless it was said before.
        code: What its error calls itself.
        trace: What was asked of Portkey.
        carrier: The W3C trace context that came with the call.
    """

    audit: CallAudit
    principal: Principal = field(kw_only=True)
    portkey_key: PortkeyKey | None = field(kw_only=True)
    request_id: str = field(kw_only=True)
    client: Client = field(kw_only=True)
    protocol: str | None = field(kw_only=True)
    session: str | None = field(kw_only=True)
    tool: str = field(kw_only=True)
    risk: str | None = field(kw_only=True)
    arguments: Mapping[str, JsonValue] | None = field(kw_only=True)
    outcome: AuditOutcome | None = None
    code: str | None = None
    trace: Trace = field(default_factory=Trace)
    carrier: Mapping[str, str] | None = None
    _reserved: bool = False
    _ends: Sequence[Callable[[], None]] = ()
    _time: datetime = field(default_factory=lambda: datetime.now(UTC))
    _started: float = field(default_factory=time.perf_counter)

    def may_go_on(self) -> bool:
        """Tell whether the call may be made: not when it must be on record and cannot be."""
        self._reserved = self.audit.trail.reserve()
        return self._reserved

    def came_to(self, outcome: Outcome) -> Outcome:
        """Note what the call came to, and return it."""
        self.outcome, self.code = outcome.kind, outcome.code
        return outcome

    @property
    def seconds(self) -> float:
        """How long the call took, or takes so far."""
        return time.perf_counter() - self._started

    @property
    def portkey_seconds(self) -> float:
        """How much of that was spent on requests to Portkey."""
        return sum(exchange.seconds for exchange in self.trace.exchanges)

    def __enter__(self) -> Self:
        if self.audit.observers:
            self._ends = [observer(self) for observer in self.audit.observers]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if self.outcome is None:
            gone = kind is not None and issubclass(kind, asyncio.CancelledError)
            self.outcome = "cancelled" if gone else "crashed"
        if self.audit.trail.is_kept:
            self.audit.trail.add(self._record(self.outcome), reserved=self._reserved)
        for ended in self._ends:
            ended()

    def _record(self, outcome: AuditOutcome) -> ToolCallRecord:
        key = self.portkey_key
        arguments, digest = self.audit.kept(self.arguments, key.secret.get_secret_value() if key else None)
        return ToolCallRecord(
            time=self._time,
            request_id=self.request_id,
            principal=self.principal.id,
            organization=self.principal.organization,
            portkey_key=key.mark if key else None,
            client_name=self.client.name,
            client_version=self.client.version,
            protocol=self.protocol,
            session=self.session,
            tool=self.tool,
            risk=self.risk,
            outcome=outcome,
            code=self.code,
            # A POST of a tool that only reads changes nothing.
            may_have_applied=self.risk != Risk.READ and self.trace.may_have_applied,
            arguments=arguments,
            arguments_digest=digest,
            portkey=[
                PortkeyRequest(one.method, one.path, one.status, one.request_id)
                for one in self.trace.exchanges
            ],
            duration_ms=self.seconds * 1000,
        )


def trace_context(meta: Mapping[str, Any], headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of W3C Trace Context in `_meta` or, failing that, in headers."""
    given = {name: meta.get(name) for name in TRACE_CONTEXT}
    if given["traceparent"] is None:
        given = {name: headers.get(name) for name in TRACE_CONTEXT}
    return {name: value for name, value in given.items() if isinstance(value, str)}


def client_from_agent(agent: str) -> Client:
    """Read what a client calls itself from its User-Agent."""
    name, _, version = (agent[:_LONGEST_AGENT].split() or [""])[0].partition("/")
    return Client(name=name or None, version=version or None)
