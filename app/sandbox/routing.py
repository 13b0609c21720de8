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
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.keys import NO_KEY, SandboxKey
from app.sandbox.store import NotUnique, Store

KEY_IN_SCOPE: Final = "sandbox_key"
REQUEST_ID_IN_SCOPE: Final = "sandbox_request_id"


@dataclass(frozen=True, slots=True)
class Origin:
    """How a request arrived: its path as received, the headers worth keeping, and who sent it from where.

    `base_url` is where the sandbox was reached, such as `http://127.0.0.1:8788/`.
    """

    path: str
    request_id: str
    client_ip: str
    headers: Mapping[str, str]
    base_url: str


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
        origin: How it arrived.
    """

    key: SandboxKey
    store: Store
    moment: datetime
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonValue
    origin: Origin

    @property
    def now(self) -> str:
        """The moment of the request, as Portkey writes it."""
        return timestamp(self.moment)


Handler: TypeAlias = "Callable[[Call], JsonObject | None]"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `path` starts with the version and has parameters in braces.

    `scope` is what the key must hold, `a or b` if one of two is enough; `keys.PUBLIC` for what needs no key.
    With `json_lines` each item of the answer's `data` is sent as a line of its own, and nothing else.
    """

    method: str
    path: str
    scope: str
    handler: Handler
    json_lines: bool = False


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
        key: SandboxKey = scope.get(KEY_IN_SCOPE, NO_KEY)
        if not key.allows(route.scope):
            raise forbidden(f"This API key needs the scope {route.scope}.")
        call = Call(
            key,
            self._store,
            self._clock(),
            {name: unquote(str(value)) for name, value in request.path_params.items()},
            request.query_params,
            parse_json(await request.body()),
            _origin(request),
        )
        try:
            with self._store.transaction():
                respond = lines_response if route.json_lines else json_response
                response = respond(route.handler(call))
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


def _origin(request: Request) -> Origin:
    kept = ("content-type", "user-agent")
    return Origin(
        request.scope["path"],
        request.scope.get(REQUEST_ID_IN_SCOPE, ""),
        request.client.host if request.client else "",
        {name: request.headers[name] for name in kept if name in request.headers},
        str(request.base_url),
    )


def json_response(answer: JsonObject | None) -> Response:
    """Return the 200 with this JSON; None gives an empty body."""
    content = b"" if answer is None else json.dumps(answer, separators=(",", ":")).encode()
    return Response(content, media_type=None if answer is None else "application/json")


def lines_response(answer: JsonObject | None) -> Response:
    """Return the 200 with the answer's `data` as JSON Lines."""
    lines = [
        json.dumps(item, separators=(",", ":")) + "\n" for item in as_list(as_object(answer).get("data"))
    ]
    return Response("".join(lines), media_type="application/x-ndjson")


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
