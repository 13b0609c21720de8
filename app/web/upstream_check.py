"""Asks Portkey whether it answers, at a bounded rate, however often /ready is polled."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Reason = Literal["timeout", "no_api_key", "refused", "unreachable", "error"]


class ProbeFailedError(Exception):
    """A probe's verdict, in one word that is fit for anonymous callers.

    Attributes:
        reason: The word.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found.

    Attributes:
        reason: Why Portkey does not count as available; None when it does.
        latency_ms: How long the probe took.
        cached: The probe was not made for this question.
    """

    reason: Reason | None
    latency_ms: float
    cached: bool


class UpstreamCheck:
    """Runs a probe with a deadline, one at a time, and remembers its verdict for a while.

    Questions that arrive while a probe is under way share it.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        *,
        deadline: float = 5.0,
        success_ttl: float = 10.0,
        failure_ttl: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the check; nothing is asked yet.

        Args:
            probe: Returns when Portkey answered; raises `ProbeFailedError`, or anything else, when not.
            deadline: Seconds the probe may take.
            success_ttl: Seconds a success is remembered.
            failure_ttl: Seconds a failure is remembered.
            clock: Monotonic seconds.
        """
        self._probe = probe
        self._deadline = deadline
        self._success_ttl = success_ttl
        self._failure_ttl = failure_ttl
        self._clock = clock
        self._last: Verdict | None = None
        self._expires = 0.0
        self._running: asyncio.Task[Verdict] | None = None
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def verdict(self) -> Verdict:
        """Tell whether Portkey is available. Waits for the deadline at most."""
        if self._last is not None and self._clock() < self._expires:
            return self._last
        if self._running is None:
            self._running = asyncio.create_task(self._ask())
        # Shielded: a caller that goes away must not take the probe from the others.
        return await asyncio.shield(self._running)

    async def aclose(self) -> None:
        """End a probe that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _ask(self) -> Verdict:
        started = self._clock()
        reason: Reason | None = None
        try:
            async with asyncio.timeout(self._deadline):
                await self._probe()
        except TimeoutError:
            reason = "timeout"
        except ProbeFailedError as error:
            reason = error.reason
        except Exception:  # noqa: BLE001 - whatever a probe raises, /ready has to answer
            self._log.exception("readiness_probe_failed")
            reason = "error"
        finally:
            self._running = None
        now = self._clock()
        latency_ms = round((now - started) * 1000, 2)
        if reason is not None:
            self._log.warning("portkey_not_ready", reason=reason, latency_ms=latency_ms)
        self._expires = now + (self._success_ttl if reason is None else self._failure_ttl)
        self._last = Verdict(reason, latency_ms, cached=True)
        return Verdict(reason, latency_ms, cached=False)
