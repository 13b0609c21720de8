"""Taking the steps one by one, and the report of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

import httpx2

from app.smoke.pinning import CertificateFileError, trust_only
from app.smoke.steps import Steps
from app.smoke.wire import SmokeFailure, quoted

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from app.smoke.options import SmokeOptions

Writer: TypeAlias = Callable[[str], object]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NAME_WIDTH: Final = 16
_SHORTEST_MASKED_PART: Final = 4


def run_smoke(options: SmokeOptions, write: Writer = print) -> int:
    """Take the steps in order and write a line for each: what, HTTP status, time, finding.

    Args:
        options: Where to go.
        write: Takes each line, without its line end. No line shows the token.

    Returns:
        0 when every step passed, 1 after the first that did not.
    """
    try:
        return asyncio.run(_run(options, _masking(write, options.auth_header)))
    except CertificateFileError as error:
        write(str(error))
        return 1


async def _run(options: SmokeOptions, write: Writer) -> int:
    write(f"Testing {options.mcp_url}")
    async with httpx2.AsyncClient(
        headers=dict([options.auth_header]) if options.auth_header else None,
        # The deadline of a step covers it as a whole.
        timeout=None,
        verify=True if options.certificate is None else trust_only(options.certificate),
        # A proxy named in the environment cannot reach this machine's loopback.
        trust_env=urlsplit(options.mcp_url).hostname not in _LOOPBACK,
    ) as client:
        steps = Steps(client, options)
        for name, step in (
            ("GET /health", steps.health),
            ("GET /ready", steps.ready),
            ("initialize", steps.initialize),
            ("tools/list", steps.list_tools),
            ("tools/call", steps.call_tool),
        ):
            if not await _passes(name, step, steps, options, write):
                return 1
        if steps.session_id and not await _passes("DELETE session", steps.end_session, steps, options, write):
            return 1
    write("All steps passed.")
    return 0


async def _passes(
    name: str, step: Callable[[], Awaitable[str]], steps: Steps, options: SmokeOptions, write: Writer
) -> bool:
    started = time.perf_counter()
    passed = False
    try:
        async with asyncio.timeout(options.step_timeout):
            finding = await step()
        passed = True
    except SmokeFailure as failure:
        finding = str(failure)
    except TimeoutError:
        finding = f"No complete answer within {options.step_timeout:g} seconds. Is the service busy?"
    except httpx2.ConnectError as error:
        finding = _unreachable(error, options)
    except httpx2.HTTPError as error:
        finding = f"The connection broke before the answer was complete ({type(error).__name__})."
    milliseconds = (time.perf_counter() - started) * 1000
    verdict = "ok" if passed else "FAIL"
    write(f"{verdict:<5} {name:<{_NAME_WIDTH}} {steps.status or '-':>3} {milliseconds:>6.0f} ms  {finding}")
    return passed


def _unreachable(error: httpx2.ConnectError, options: SmokeOptions) -> str:
    why = quoted(str(error))
    if "certificate" in why.lower():
        return f"The TLS certificate is not trusted ({why})."
    return (
        f"Nothing answers at {options.base_url}. Start the service with `make run`, or name its address in"
        f" MCP_TEST_BASE_URL ({why})."
    )


def _masking(write: Writer, auth_header: tuple[str, str] | None) -> Writer:
    """Return a writer that never shows the header's value, should the other side repeat it."""
    secrets = sorted({auth_header[1], *auth_header[1].split()}, key=len, reverse=True) if auth_header else []

    def masked(line: str) -> None:
        for secret in secrets:
            if len(secret) >= _SHORTEST_MASKED_PART and secret.lower() not in {"bearer", "basic"}:
                line = line.replace(secret, "***")
        write(line)

    return masked
