"""The vocabulary of the emulated endpoints: a table of routes, and the road from a request to its handler."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn, TypeAlias, cast
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from app.sandbox.clock import Clock, timestamp
from app.sandbox.errors import ApiError, conflict, forbidden, invalid
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.keys import SandboxKey
from app.sandbox.store import NotUnique, Store

KEY_IN_SCOPE: Final = "sandbox_key"


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request.

    Attributes:
        key: The API key that was used.
        store: Where everything is kept.
        moment: When it came.
        params: The path parameters, percent-decoded.
        query: The query parameters; of repeated ones the last.
        body: The parsed JSON body, None when there is none.
    """

    key: SandboxKey
    store: Store
    moment: datetime
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonValue

    @property
    def now(self) -> str:
        """The moment of the request, as Portkey writes it."""
        return timestamp(self.moment)


Handler: TypeAlias = "Callable[[Call], JsonObject | None]"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `path` starts with the version and has parameters in braces; `scope` is required."""

    method: str
    path: str
    scope: str
    handler: Handler


class Endpoint:
    """All methods of one path, as an ASGI application."""

    def __init__(self, routes: Sequence[Route], store: Store, clock: Clock) -> None:
        self._routes = {route.method: route for route in routes}
        self._store = store
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        route = self._routes.get(request.method)
        if route is None:
            allowed = ", ".join(sorted(self._routes))
            raise ApiError(405, f"{request.method} is not supported here. Use {allowed}.", {"allow": allowed})
        key: SandboxKey = scope[KEY_IN_SCOPE]
        if not key.allows(route.scope):
            raise forbidden(f"This API key needs the scope {route.scope}.")
        call = Call(
            key,
            self._store,
            self._clock(),
            {name: unquote(str(value)) for name, value in request.path_params.items()},
            request.query_params,
            parse_json(await request.body()),
        )
        try:
            with self._store.transaction():
                response = json_response(route.handler(call))
        except NotUnique as error:
            raise conflict(str(error)) from error
        except RecursionError as error:
            raise invalid(["the body is nested too deeply"]) from error
        await response(scope, receive, send)


def compile_routes(routes: Sequence[Route], store: Store, clock: Clock) -> list[StarletteRoute]:
    """Return Starlette's routes: one a path, those with fixed segments before those with parameters."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    specific_first = sorted(by_path, key=lambda path: [part.startswith("{") for part in path.split("/")])
    return [StarletteRoute(path, Endpoint(by_path[path], store, clock)) for path in specific_first]


def json_response(answer: JsonObject | None) -> Response:
    """Return the 200 with this JSON; None gives an empty body."""
    content = b"" if answer is None else json.dumps(answer, separators=(",", ":")).encode()
    return Response(content, media_type=None if answer is None else "application/json")


def parse_json(raw: bytes) -> JsonValue:
    """Parse a request body; an empty one gives None.

    Raises:
        ApiError: 400 when it is not JSON.
    """
    if not raw:
        return None
    try:
        value = cast("JsonValue", json.loads(raw, parse_constant=_refuse, parse_float=_finite))
        if b"\\u" in raw:  # an escaped half of a surrogate pair could be neither stored nor answered
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid(["the body must be valid JSON"]) from error
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)
