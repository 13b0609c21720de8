"""Runs the HTTP application, and ends it without breaking off what is under way.

On the first SIGTERM or SIGINT the process is not ready at once, stops accepting connections, lets calls
finish, then ends the open streams, and leaves. A second signal makes it leave now. SIGHUP, where something
waits for it, has files read or opened again.
"""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from typing import TYPE_CHECKING

import structlog
import uvicorn
from sse_starlette.sse import AppStatus

from app.web.http_protocol import BoundedHttpProtocol
from app.web.listening import BindError, bind
from app.web.middleware.in_flight import InFlight

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from types import FrameType

    from starlette.types import ASGIApp

    from app.web.readiness import Readiness
    from app.web.tls import Certificates

# Longer than the 60 s after which common load balancers drop an idle connection: whoever closes first
# must not be us, or a request on its way meets a closed connection.
KEEP_ALIVE_SECONDS = 75
_STREAM_SECONDS = 1.0
"""What is kept of the shutdown timeout for open streams to end."""
_GOODBYE_SECONDS = 2.0
"""How long a TLS client may take to answer that the connection ends; asyncio itself would wait 30 s."""
_LIFESPAN_SECONDS = 5.0
_EXIT_FAILURE = 1
_SIGHUP: signal.Signals | None = getattr(signal, "SIGHUP", None)


def end_sse_streams() -> None:
    """End every server-sent-events response of this process, for good: only for use at its end."""
    AppStatus.should_exit = True


class Server(uvicorn.Server):
    """A uvicorn server that drains.

    Attributes:
        clean: False once anything was cut short: calls cancelled at the deadline, or a second signal.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        readiness: Readiness,
        shutdown_timeout: float = 10.0,
        on_started: Callable[[int], None] = lambda _port: None,
        end_streams: Callable[[], None] = end_sse_streams,
        tls: Certificates | None = None,
        on_hangup: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Prepare the server. `serve(sockets=...)` runs it in this loop, `run(sockets=...)` in a new one.

        Args:
            app: The application.
            readiness: Told when the socket listens and when the process drains.
            shutdown_timeout: Seconds from the signal until calls that are still running are cancelled.
            on_started: Called with the TCP port when the socket listens.
            end_streams: Called once no call is in progress any more, to end the streams that have no end
                of their own.
            tls: Makes the sockets speak TLS, and is reloaded on SIGHUP (not on Windows, which has none).
            on_hangup: What else SIGHUP calls.
        """
        self._in_flight = InFlight(app)
        super().__init__(
            uvicorn.Config(
                self._in_flight,
                # uvloop where it is installed (it does not exist for Windows), else asyncio.
                loop="auto",
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="on",
                access_log=False,
                server_header=False,
                date_header=True,
                # Client addresses are the proxy middleware's concern.
                proxy_headers=False,
                log_config=None,
                log_level="warning",
                timeout_graceful_shutdown=math.ceil(shutdown_timeout),
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
            )
        )
        self.clean = True
        self._forced = asyncio.Event()
        self._readiness = readiness
        self._shutdown_timeout = shutdown_timeout
        self._on_started = on_started
        self._end_streams = end_streams
        self._tls = tls
        self._on_hangup = (*([] if tls is None else [tls.reload]), *on_hangup)
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to drain at the first signal, to leave at the second.

        Unlike uvicorn's, does not raise the signal again at the end: a drained process exits with 0.
        """
        self._readiness.draining()
        if self.should_exit:
            self.force_exit = True
            # uvicorn's own loops tick every 0.1 s, which wakes this event's waiter too.
            self._forced.set()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, listen, and say so."""
        await super().startup(sockets=sockets)
        if self._on_hangup and _SIGHUP is not None:
            asyncio.get_running_loop().add_signal_handler(_SIGHUP, self._hang_up)
        self._readiness.serving()
        self._on_started(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop the application. Takes the shutdown timeout and `_LIFESPAN_SECONDS` at most."""
        self._readiness.draining()
        self._log.info("draining", calls_in_flight=self._in_flight.count)
        self._readiness.release()
        drain = asyncio.create_task(self._drain())
        stop = asyncio.create_task(super().shutdown(sockets=sockets))
        forced = asyncio.create_task(self._forced.wait())
        try:
            await asyncio.wait(
                {stop, forced},
                timeout=self._shutdown_timeout + _LIFESPAN_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self.clean = self.clean and stop.done()
            helpers = {drain, stop, forced}
            for task in helpers | (set() if stop.done() else self.server_state.tasks):
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            if self._on_hangup and _SIGHUP is not None:
                asyncio.get_running_loop().remove_signal_handler(_SIGHUP)
        self._log.info("stopped", clean=self.clean)

    def _hang_up(self) -> None:
        for react in self._on_hangup:
            react()

    async def _drain(self) -> None:
        """Wait for calls, then end the streams, which also cuts off the calls whose time is up.

        Then let go of TLS clients that keep a connection and do not listen; `shutdown` cancels the wait.
        """
        try:
            async with asyncio.timeout(
                self._shutdown_timeout - min(_STREAM_SECONDS, self._shutdown_timeout / 2)
            ):
                await self._in_flight.idle()
        except TimeoutError:
            self.clean = False
            self._log.warning("calls_cut_short", calls=self._in_flight.count)
        self._end_streams()
        if self._tls is not None:
            await asyncio.sleep(_GOODBYE_SECONDS)
            for connection in list(self.server_state.connections):
                if connection.transport.is_closing():
                    connection.transport.abort()


def serve(  # noqa: PLR0913 - every part is set by the command line
    app: ASGIApp,
    *,
    host: str,
    port: int,
    readiness: Readiness,
    shutdown_timeout: float = 10.0,
    on_started: Callable[[int], None] = lambda _port: None,
    end_streams: Callable[[], None] = end_sse_streams,
    tls: Certificates | None = None,
    on_hangup: Sequence[Callable[[], None]] = (),
) -> int:
    """Listen and serve until a signal ends it. For the main thread, which is where signals arrive.

    Args:
        app: The application.
        host: The address to listen on.
        port: The TCP port; 0 lets the system choose.
        readiness: Told when the socket listens and when the process drains.
        shutdown_timeout: Seconds from the signal until calls that are still running are cancelled.
        on_started: Called with the TCP port when the socket listens.
        end_streams: Ends the open streams once no call is in progress. One that replaces the default
            must call `end_sse_streams` too.
        tls: Makes it HTTPS.
        on_hangup: What SIGHUP calls, besides having the certificate read again.

    Returns:
        The exit code: 0 after a clean drain; 1 when the address is taken, the application did not start, or
        calls were cut short.
    """
    # sse-starlette would otherwise cut every stream, calls included, half a second after the signal.
    AppStatus.enable_automatic_graceful_drain = False
    try:
        sockets = bind(host, port)
    except BindError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_FAILURE
    server = Server(
        app,
        readiness=readiness,
        shutdown_timeout=shutdown_timeout,
        on_started=on_started,
        end_streams=end_streams,
        tls=tls,
        on_hangup=on_hangup,
    )
    try:
        server.run(sockets=sockets)
    except SystemExit:
        # How uvicorn ends when the application does not start; it has logged the cause.
        return _EXIT_FAILURE
    finally:
        for bound in sockets:
            bound.close()
    return 0 if server.clean else _EXIT_FAILURE
