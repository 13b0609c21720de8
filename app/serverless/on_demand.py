"""Builds the application when a request needs it, in the event loop that serves the request."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from app.settings import SettingsError
from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from app.web.readiness import Readiness

    Build = Callable[[], tuple[Starlette, Readiness]]

FROZEN_AFTER: Final = 60.0
"""Seconds without a request after which the process counts as having been frozen."""


class _Instance:
    """One application, and the task in which its lifespan is open."""

    def __init__(self, application: Starlette, readiness: Readiness) -> None:
        self.loop = asyncio.get_running_loop()
        self.application = application
        self.started: asyncio.Future[None] = self.loop.create_future()
        self._readiness = readiness
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Leave the lifespan: connections are closed, records that wait are written."""
        self._stop.set()
        await asyncio.wait([self._task])

    async def _live(self) -> None:
        try:
            async with self.application.router.lifespan_context(self.application):
                self._readiness.serving()
                self.started.set_result(None)
                await self._stop.wait()
        except BaseException as error:
            if self.started.done():
                raise
            if isinstance(error, Exception):
                self.started.set_exception(error)
            else:
                self.started.cancel()
                raise


class OnDemandApplication:
    """An ASGI application that stands for the one it builds.

    It is built at the first request, and anew at the first request in another event loop, or after a pause in
    which the process may have been frozen: connections of before are dead by then, cached keys and limits
    stale, and the monotonic clock may not have moved. Nothing has to run between requests.

    Args:
        build: Builds the application and its readiness; raises SettingsError, which is told once and answered
            with 503 from then on.
        clock: Seconds of the wall clock, which goes on while a process is frozen.
    """

    def __init__(self, build: Build, *, clock: Callable[[], float] = time.time) -> None:
        self._build = build
        self._clock = clock
        self._instance: _Instance | None = None
        self._wrong_settings = False
        self._in_flight = 0
        self._used = clock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or a lifespan, should the platform run one."""
        if scope["type"] == "lifespan":
            await self._serve_lifespan(receive, send)
            return
        self._in_flight += 1
        try:
            instance = self._current()
            if instance is None:
                message = "This service is not configured yet. Its operator finds the reason in the log."
                await error_response(scope, 503, "not_configured", message)(scope, receive, send)
                return
            # Shielded: the start is not only this request's.
            await asyncio.shield(instance.started)
            await instance.application(scope, receive, send)
        finally:
            self._in_flight -= 1
            self._used = self._clock()

    def _current(self) -> _Instance | None:
        """Return the instance for this loop and this moment; None when it cannot be built."""
        instance = self._instance
        if instance is not None and instance.loop is not asyncio.get_running_loop():
            # Its loop is gone, and has cancelled its task; there is nobody left to close it.
            instance = None
        elif instance is not None and (self._was_frozen() or _failed(instance)):
            leaving = asyncio.create_task(instance.stop())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            instance = None
        if instance is None and not self._wrong_settings:
            try:
                instance = _Instance(*self._build())
            except SettingsError as error:
                self._wrong_settings = True
                structlog.get_logger("app").error("wrong_settings", problem=error.report())
        self._instance = instance
        return instance

    def _was_frozen(self) -> bool:
        # A request under way keeps the process running; the one that asks counts already.
        return self._in_flight == 1 and abs(self._clock() - self._used) > FROZEN_AFTER

    async def _serve_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        instance, self._instance = self._instance, None
        if instance is not None and instance.loop is asyncio.get_running_loop():
            with suppress(Exception):
                await instance.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _failed(instance: _Instance) -> bool:
    started = instance.started
    return started.done() and (started.cancelled() or started.exception() is not None)
