"""The sandbox as an ASGI application."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Protocol, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox import company, resources
from app.sandbox.audit import audited
from app.sandbox.authentication import Authentication
from app.sandbox.clock import Clock, system_clock
from app.sandbox.control import Control
from app.sandbox.errors import ApiError
from app.sandbox.faults import Faults
from app.sandbox.injection import CONNECTION_IN_SCOPE, FaultInjection
from app.sandbox.issued_keys import IssuedKeys
from app.sandbox.journal import Journal, Recording
from app.sandbox.routing import Route, compile_routes
from app.sandbox.store import Store


class Resource(Protocol):
    """What a module in `resources/` offers."""

    ROUTES: Sequence[Route]

    def seed(self, store: Store) -> None:
        """Put the domain's records of the example company into an empty store."""


class Sandbox(Starlette):
    """The emulator; `close` lets go of its database."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        store: Store,
        issued: IssuedKeys,
        journal: Journal,
        faults: Faults,
    ) -> None:
        super().__init__(
            routes=routes,
            exception_handlers={ApiError: _api_error, HTTPException: _http_error, Exception: _server_error},
        )
        self.router.redirect_slashes = False
        self._store = store
        self._issued = issued
        self._journal = journal
        self._faults = faults

    def build_middleware_stack(self) -> ASGIApp:
        """Put our middleware outside of Starlette's: what turns errors into answers would answer a drop."""
        app = Authentication(super().build_middleware_stack(), self._issued)
        return Recording(FaultInjection(app, self._faults), self._journal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            # Routing and journal see the path as received: an encoded slash must not become a real one.
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
            with suppress(
                AttributeError
            ):  # uvicorn's send is a method of the object that holds the connection
                scope[CONNECTION_IN_SCOPE] = send.__self__.transport  # type: ignore[attr-defined]
        await super().__call__(scope, receive, send)

    def close(self) -> None:
        """Close the database. A file keeps its content."""
        self._store.close()


def create_sandbox(
    *, path: str | None = None, fault: str | None = None, clock: Clock = system_clock
) -> Sandbox:
    """Build a sandbox.

    Args:
        path: The SQLite file that keeps its data across restarts; None keeps it in memory.
        fault: The fault of requests that name none themselves, in the grammar of `faults`.
        clock: The time for new records.

    Returns:
        The application, with the example company in it unless the file already had data.

    Raises:
        ValueError: `fault` is not a fault, or the file cannot be used.
    """
    found = _resources()
    faults = Faults(fault)
    journal = Journal()

    def seed(store: Store) -> None:
        company.seed(store)
        for resource in found:
            resource.seed(store)

    store = Store(path, seed)
    routes = [audited(route) for resource in found for route in resource.ROUTES]
    control = Control(store, journal, faults, len(routes))
    all_routes = [*control.routes(), *compile_routes(routes, store, clock)]
    return Sandbox(all_routes, store, IssuedKeys(store, clock), journal, faults)


def _resources() -> list[Resource]:
    names = sorted(module.name for module in pkgutil.iter_modules(resources.__path__))
    return [cast("Resource", import_module(f"{resources.__name__}.{name}")) for name in names]


async def _api_error(_request: Request, error: Exception) -> Response:
    return cast("ApiError", error).response()


async def _http_error(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    headers = cast("HTTPException", error).headers
    message = "is not supported" if status == 405 else "does not exist"  # noqa: PLR2004 - HTTP's own number
    return ApiError(status, f"{request.method} {request.url.path} {message} here.", headers).response()


async def _server_error(_request: Request, _error: Exception) -> Response:
    return ApiError(500, "The sandbox failed. This is a bug in the sandbox.").response()
