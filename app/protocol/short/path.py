"""The short path as an ASGI application in front of the SDK's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from app.protocol.calling import Call
from app.protocol.short.attending import Attendant, answer
from app.protocol.short.calls import nobody_asked, perform, sender_of
from app.protocol.short.envelopes import envelope
from app.protocol.short.messages import end_of_answer, start_of_answer
from app.protocol.short.reading import CALL, VERSION, plain_headers, plain_request, replayed
from app.protocol.short.sessions import ShortSessions
from app.protocol.short.stateless import ShortStateless
from app.protocol.vocabulary import SERVER_INFO_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.catalog.results import Outcome
    from app.protocol.core import Core
    from app.protocol.short.envelopes import Envelope
    from app.protocol.short.reading import PlainRequest
    from app.protocol.stores import Stores

_COMPLETE: Final = b',"resultType":"complete"'


def short_path(app: ASGIApp, core: Core, stores: Stores) -> ASGIApp:
    """Put the short paths in front of what serves both eras.

    Args:
        app: Serves them in full.
        core: What answers, here and there.
        stores: Sessions and events of the 2025 era, here and there.
    """
    of_2025: ASGIApp
    if stores.sessions is None:
        of_2025 = ShortStateless(app, core, stores.event_log, stores.detached)
    else:
        of_2025 = ShortSessions(app, core, stores.sessions, stores.event_log)
    return ShortPath(of_2025, core)


class ShortPath:
    """Answers plain requests of MCP 2026-07-28 itself, and hands all others on.

    Args:
        app: Serves the others.
        core: What answers.
    """

    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app = app
        self._core = core
        stamp = orjson.dumps({SERVER_INFO_KEY: core.results.stamp})
        self._end_of_result = b',"_meta":' + stamp + b"}}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = plain_headers(scope)
        if headers is None:
            await self._app(scope, receive, send)
            return
        first = await receive()
        request = plain_request(headers, first)
        said = None if request is None else envelope(request.params["_meta"])
        if request is None or said is None or not await self._serve(scope, receive, send, request, said):
            await self._app(scope, replayed(first, receive), send)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, request: PlainRequest, said: Envelope
    ) -> bool:
        """Answer a request unless it turns out not to be plain; tell whether it is answered."""
        start = start_of_answer(request.request_id)
        if start is None:
            return False
        caller = self._core.callers.of_scope(scope)
        params = request.params
        if request.method != CALL:
            cursor = params.get("cursor")
            found = self._core.stored.find(caller.policy, VERSION, request.method, cursor)
            if found is not None:
                await answer(send, start + found.json + b"}")
            return found is not None
        name: str = params["name"]
        if not self._core.calls.runs_unasked(caller, name):
            return False
        if name in self._core.schemas_with_headers:
            # Some of its arguments are in headers.
            return False
        sender = sender_of(scope, VERSION, said.client, params["_meta"])
        call = Call(caller, sender, name, params.get("arguments", {}), nobody_asked)
        await Attendant(receive, send).serve(perform(self._core.calls, call, start, self._result))
        return True

    def _result(self, outcome: Outcome) -> bytes:
        return end_of_answer(outcome, _COMPLETE, self._end_of_result)
