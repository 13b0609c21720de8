"""What is kept of one tool call."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import orjson

from app.telemetry.redaction import Redactor

AuditOutcome: TypeAlias = Literal[
    "succeeded",
    "refused",
    "failed",
    "unknown_outcome",
    "asked",
    "declined",
    "cancelled",
    "crashed",
    "denied",
]

EVENT: Final = "tool_call"
_LONGEST_TEXT: Final = 256
_MOST_REQUESTS: Final = 20


@dataclass(slots=True)
class PortkeyRequest:
    """One request to Portkey. `path` is its template; `status` is None when there was no answer."""

    method: str
    path: str
    status: int | None
    request_id: str | None


@dataclass(slots=True, kw_only=True)
class ToolCallRecord:
    """One tool call.

    Attributes:
        time: When it began.
        request_id: The id by which the log knows the request.
        principal: Who called: `Principal.id`.
        organization: For which organization.
        portkey_key: What tells the Portkey key that was used from others, and never reveals it; None for the
            service's own.
        client_name: What the client calls itself; None when it does not say.
        client_version: Its version, likewise.
        protocol: Revision of MCP.
        session: A digest of the session's id; None outside of sessions.
        tool: The name that was called, whether there is such a tool or not.
        risk: The tool's risk; None when there is no such tool.
        outcome: What it came to.
        code: What an error calls itself.
        may_have_applied: Something was or may have been changed.
        arguments: The arguments without secrets; None when they are not kept.
        arguments_digest: A digest of them; None unless it is kept in their place.
        portkey: What Portkey was asked, in order.
        duration_ms: Milliseconds from the call to its end.
        id: Unique. A record that was written twice has the same.
    """

    time: datetime
    request_id: str
    principal: str
    organization: str | None
    portkey_key: str | None
    client_name: str | None
    client_version: str | None
    protocol: str | None
    session: str | None
    tool: str
    risk: str | None
    outcome: AuditOutcome
    code: str | None = None
    may_have_applied: bool = False
    arguments: dict[str, Any] | None = None
    arguments_digest: str | None = None
    portkey: Sequence[PortkeyRequest] = ()
    duration_ms: float = 0.0
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def fields(self, redactor: Redactor) -> dict[str, Any]:
        """Return the record as JSON values, bounded, with the secrets of this process masked."""

        def told(text: str | None) -> str | None:
            """What somebody else chose: bounded and masked."""
            if text is None:
                return None
            return masked(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}...")

        masked = redactor.text
        began = self.time if self.time.tzinfo is UTC else self.time.astimezone(UTC)
        kept: dict[str, Any] = {
            "id": self.id,
            "time": f"{began.isoformat(timespec='milliseconds')[:-6]}Z",
            "request_id": told(self.request_id),
            "principal": told(self.principal),
            "organization": told(self.organization),
            "portkey_key": told(self.portkey_key),
            "client_name": told(self.client_name),
            "client_version": told(self.client_version),
            "protocol": told(self.protocol),
            "session": self.session,
            "tool": told(self.tool),
            "risk": self.risk,
            "outcome": self.outcome,
            "code": told(self.code),
            "may_have_applied": self.may_have_applied,
            "portkey": [
                {
                    "method": request.method,
                    "path": request.path,
                    "status": request.status,
                    "request_id": told(request.request_id),
                }
                for request in self.portkey[:_MOST_REQUESTS]
            ],
            "portkey_requests": len(self.portkey),
            "duration_ms": round(self.duration_ms, 1),
        }
        if self.arguments is not None:
            kept["arguments"] = _masked(self.arguments, redactor)
        if self.arguments_digest is not None:
            kept["arguments_digest"] = self.arguments_digest
        return kept


def as_line(fields: Mapping[str, Any]) -> bytes:
    """Return the fields as one line of JSON, without its end."""
    try:
        return orjson.dumps(fields)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates, which clients can send and orjson does not write.
        return json.dumps(fields, separators=(",", ":")).encode()


def _masked(value: Any, redactor: Redactor) -> Any:  # noqa: ANN401 - JSON
    """Mask by value alone: whoever made the record has masked by name."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {redactor.text(name): _masked(item, redactor) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, redactor) for item in value]
    return value
