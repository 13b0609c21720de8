"""How long the certificate of the public address is still good."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

from app.doctor.finding import Case, Finding

_DEADLINE: Final = 5.0
_SOON_DAYS: Final = 21
_DAY: Final = 86_400


async def check_certificate(case: Case) -> AsyncIterator[Finding]:
    """Look at it as a client sees it. That it is not accepted at all is told by the check of the address."""
    parts = urlsplit(case.settings.public_base_url or "")
    if parts.scheme != "https" or parts.hostname is None:
        return
    try:
        async with asyncio.timeout(_DEADLINE):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=ssl.create_default_context()
            )
    except (OSError, TimeoutError):
        return
    certificate = writer.get_extra_info("peercert") or {}
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / _DAY
    if days > _SOON_DAYS:
        yield Finding("certificate", "ok", f"It is good for {days:.0f} days.")
    else:
        yield Finding(
            "certificate",
            "warning",
            f"It expires in {days:.0f} days.",
            "Renew it, and see why it is not renewed by itself; MCP_TLS_CERT_PATH is read again on SIGHUP.",
        )
