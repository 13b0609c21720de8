"""The record of tool calls, from its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from app.protocol.auditing import CallAudit
from app.settings import Problem
from app.telemetry.audit.channel import Channel
from app.telemetry.audit.trail import AuditTrail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.protocol.auditing import CallObserver
    from app.settings import Settings
    from app.telemetry.audit.sink import Sink
    from app.telemetry.redaction import Redactor


def build_audit(settings: Settings, redactor: Redactor, observers: Sequence[CallObserver] = ()) -> CallAudit:
    """Build what puts tool calls on record, and tells `observers` of them. Opens nothing yet."""
    trail = AuditTrail(
        [Channel(sink, capacity=settings.audit_queue_size) for sink in _sinks(settings)],
        log=settings.audit_log,
        required=settings.audit_required,
        redactor=redactor,
    )
    return CallAudit(trail, arguments=settings.audit_arguments, observers=observers)


def check_audit_file(settings: Settings) -> Iterator[Problem]:
    """Yield the problem of a file that this process could not append to; the file is not made yet."""
    if settings.audit_file is None:
        return
    path = Path(settings.audit_file)
    advice = None
    try:
        if path.is_dir():
            advice = "Name a file; this is a directory."
        elif path.exists():
            if not os.access(path, os.W_OK):
                advice = "Name a file that this process can write to."
        elif not path.parent.is_dir():
            advice = "Make its directory first, or name a file in one that exists."
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            advice = "Name a file in a directory in which this process can make one."
    except (OSError, ValueError):
        advice = "Name a file that this process can write to."
    if advice is not None:
        yield Problem(settings.variable("audit_file"), settings.audit_file, advice)


def _sinks(settings: Settings) -> Iterator[Sink]:
    if settings.audit_file is not None:
        from app.telemetry.audit.file import FileSink

        yield FileSink(settings.audit_file)
    if settings.audit_redis_stream is not None and settings.redis_url is not None:
        from app.redis_client import connect
        from app.telemetry.audit.redis import RedisSink

        yield RedisSink(
            connect(settings.redis_url.get_secret_value()),
            settings.audit_redis_stream,
            max_records=settings.audit_redis_max_records,
        )
