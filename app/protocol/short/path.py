"""The short path as an ASGI application in front of the SDK's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from app.protocol.calling import Call
from app.protocol.short.attending import Attendant, answer
from app.protocol.short.calls import nobody_asked, perform, sender_of
from app.protocol.short.envelopes import envelope
from app.protocol.short.reading import CALL, VERSION, plain_headers, plain_request, replayed
from app.protocol.short.sessions import ShortSessions
from app.protocol.short.stateless import ShortStateless

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.catalog.results import Outcome
    from app.protocol.admin_server import AdminServer
    from app.protocol.http import HttpHandler
    from app.protocol.short.envelopes import Envelope
    from app.protocol.short.reading import PlainRequest


def short_path(handler: HttpHandler, server: AdminServer) -> ASGIApp:
    """Put the short paths in front of what serves both eras."""
    parts = handler.without_sessions
    app: ASGIApp
    if parts is None:
        app = ShortSessions(handler, server, handler.sessions, handler.event_log)
    else:
        app = ShortStateless(handler, server, parts)
    return ShortPath(app, server)


class ShortPath:
    """Answers plain requests of MCP 2026-07-28 itself, and hands all others on.

    Args:
        app: Serves the others.
        server: The same server that `app` serves.
    """

    def __init__(self, app: ASGIApp, server: AdminServer) -> None:
        self._app = app
        self._core = server.core
        self._input_schema = server.get_tool_input_schema
        stamp = orjson.dumps({"io.modelcontextprotocol/serverInfo": server.server_info_stamp})
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
        try:
            start = b'{"jsonrpc":"2.0","id":' + orjson.dumps(request.request_id) + b',"result":'
        except TypeError:
            # Half of a surrogate pair, which has no form in UTF-8.
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
        if self._input_schema is not None and self._input_schema(name) is not None:
            # Some of its arguments are in headers.
            return False
        sender = sender_of(scope, VERSION, said.client, params["_meta"])
        call = Call(caller, sender, name, params.get("arguments", {}), nobody_asked)
        await Attendant(receive, send).serve(perform(self._core.calls, call, start, self._result))
        return True

    def _result(self, outcome: Outcome) -> bytes:
        # The text is the JSON of the data, so it stands for both.
        return b"".join(
            (
                b'{"content":[{"text":',
                orjson.dumps(outcome.text),
                b',"type":"text"}],"isError":',
                b"true" if outcome.is_error else b"false",
                b',"resultType":"complete","structuredContent":',
                outcome.text.encode(),
                self._end_of_result,
            )
        )
