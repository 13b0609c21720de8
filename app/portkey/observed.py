"""A transport that tells others of each exchange."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.portkey.transport import HttpRequest, HttpResponse, Transport, TransportError

EndOfExchange: TypeAlias = Callable[[int | None, str | None], None]
"""Told of the status, if there was one, and of the kind of the failure, if there is no complete answer."""
ExchangeObserver: TypeAlias = Callable[[str, str, MutableMapping[str, str]], EndOfExchange]
"""Told of the method and the path's template, and may add headers to the request."""


class ObservedTransport:
    """Sends by another transport, and tells the observers when an exchange begins and how it ends."""

    def __init__(self, transport: Transport, observers: Sequence[ExchangeObserver]) -> None:
        self._transport = transport
        self._observers = tuple(observers)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange.

        Raises:
            TransportError: There is no complete response.
        """
        added: dict[str, str] = {}
        ends = [observe(request.method, request.template, added) for observe in self._observers]
        if added:
            request = replace(request, headers={**request.headers, **added})
        status: int | None = None
        failure: str | None = "Cancelled"
        try:
            response = await self._transport.send(request)
            status, failure = response.status, None
            return response
        except TransportError as error:
            status, failure = error.status, type(error).__name__
            raise
        finally:
            for end in ends:
                end(status, failure)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()
