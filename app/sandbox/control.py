"""The sandbox's own endpoints: what it is, its journal, its faults, and the way back to the seed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.sandbox.errors import invalid
from app.sandbox.faults import Faults
from app.sandbox.fields import read_body, text
from app.sandbox.injection import CONTROL_PREFIX
from app.sandbox.journal import Journal
from app.sandbox.keys import KEYS
from app.sandbox.routing import parse_json
from app.sandbox.store import Store


class Control:
    """Answers `/` and everything below `/_sandbox/`. None of it takes an API key."""

    def __init__(self, store: Store, journal: Journal, faults: Faults, endpoints: int) -> None:
        self._store = store
        self._journal = journal
        self._faults = faults
        self._endpoints = endpoints

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self._describe, methods=["GET"]),
            Route(f"{CONTROL_PREFIX}requests", self._requests, methods=["GET", "DELETE"]),
            Route(f"{CONTROL_PREFIX}fault", self._fault, methods=["GET", "PUT"]),
            Route(f"{CONTROL_PREFIX}reset", self._reset, methods=["POST"]),
        ]

    async def _describe(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "name": "Portkey Admin API sandbox",
                "description": "An emulator with an example company in it. Nothing here reaches Portkey.",
                "endpoints": self._endpoints,
                "keys": [{"name": key.name, "key": key.secret, "scopes": list(key.scopes)} for key in KEYS],
                "control": {
                    "GET /_sandbox/requests": "The last requests received, oldest first.",
                    "DELETE /_sandbox/requests": "Forget them.",
                    "GET /_sandbox/fault": "The fault of requests that name none in x-sandbox-fault.",
                    "PUT /_sandbox/fault": 'Set it, as {"fault": "status=503;times=1"}; null for none.',
                    "POST /_sandbox/reset": "Go back to the seed.",
                },
            }
        )

    async def _requests(self, request: Request) -> JSONResponse:
        if request.method == "DELETE":
            self._journal.clear()
        entries = [entry.as_json() for entry in self._journal.entries]
        return JSONResponse({"object": "list", "total": len(entries), "data": entries})

    async def _fault(self, request: Request) -> JSONResponse:
        if request.method == "PUT":
            fields = {"fault": text(required=True, nullable=True)}
            given = read_body(parse_json(await request.body()), fields)["fault"]
            try:
                self._faults.set_default(given if isinstance(given, str) else None)
            except ValueError as error:
                raise invalid([f"fault: {str(error).rstrip('.')}"]) from error
        default = self._faults.default
        return JSONResponse({"fault": default.text if default else None})

    async def _reset(self, _request: Request) -> JSONResponse:
        self._store.reset()
        self._journal.clear()
        self._faults.reset()
        return JSONResponse({})
