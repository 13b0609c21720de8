"""A Portkey that answers as a test tells it to, for forms of answers the sandbox does not give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Answers = dict[str, Any | Callable[[dict[str, str]], Any]]


@dataclass
class Scripted:
    """Answers by `METHOD /path`; a callable gets the query. An answer of bytes is sent as it is."""

    answers: Answers
    received: list[tuple[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        name = f"{request.method} {request.url.path.removeprefix('/v1')}"
        body = await request.body()
        self.received.append((name, json.loads(body) if body else None))
        answer = self.answers[name]
        if callable(answer):
            answer = answer(dict(request.query_params))
        response = Response(answer) if isinstance(answer, bytes) else JSONResponse(answer)
        await response(scope, receive, send)

    def bodies(self, name: str) -> list[Any]:
        return [body for received, body in self.received if received == name]
