"""A transport whose library is imported when the first request needs it, or was imported by then."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from app.portkey.transport import ConnectFailed, DeadlineExceeded, HttpRequest, HttpResponse, Transport

log = structlog.get_logger(__name__)


class LateTransport:
    """Stands for a transport that is not there yet.

    Args:
        load: Imports and builds it, in a thread.
    """

    def __init__(self, load: Callable[[], Transport]) -> None:
        self._load = load
        self._loading = threading.Lock()
        self._transport: Transport | None = None
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange; its timeout counts the wait for the transport, too.

        Raises:
            TransportError: There is no complete response.
        """
        if self._transport is None:
            request = await self._loaded(request)
        if self._transport is None or self._closed:
            raise ConnectFailed("the transport is closed")
        return await self._transport.send(request)

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        if self._transport is not None:
            await self._transport.aclose()

    async def _loaded(self, request: HttpRequest) -> HttpRequest:
        """Load the transport; return the request with the time that is left."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout):
                await asyncio.to_thread(self._load_once)
        except TimeoutError as error:
            raise DeadlineExceeded(f"no complete answer within {request.timeout:g} s", sent=False) from error
        except Exception as error:
            log.exception("transport_not_loaded")
            raise ConnectFailed("the HTTP client cannot be loaded") from error
        return replace(request, timeout=max(request.timeout - (time.monotonic() - began), 0.001))

    def _load_once(self) -> None:
        with self._loading:
            if self._transport is None:
                self._transport = self._load()
