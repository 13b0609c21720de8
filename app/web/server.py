"""Runs the HTTP application, and ends it without breaking off what is under way.

On the first SIGTERM or SIGINT the process is not ready at once. It goes on serving for the shutdown delay,
stops accepting connections, lets calls finish, then ends the open streams, and leaves. A second signal makes
it leave now. SIGHUP, where something waits for it, has files read or opened again.

Behind a balancer that keeps connections, a request may be on its way into a connection that closes, and then
nobody knows whether it was served. So every answer after the signal says that it is the last on its
connection (`LastAnswers`), a connection without a request stays open for as long as the delay, and those that
the system has accepted for us are served before the socket closes. A balancer that keeps idle connections for
less than the delay loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, cast

import structlog
import uvicorn
from sse_starlette.sse import AppStatus

from app.web.http_protocol import BoundedHttpProtocol
from app.web.listening import BindError, bind
from app.web.middleware.in_flight import InFlight
from app.web.middleware.last_answers import LastAnswers

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
_TICK_SECONDS = 0.05
"""How often a server that stops looks at its connections."""
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

    def __init__(  # noqa: PLR0913 - as `serve`
        self,
        app: ASGIApp,
        *,
        readiness: Readiness,
        shutdown_delay: float = 0.0,
        shutdown_timeout: float = 10.0,
        on_started: Callable[[int], None] = lambda _port: None,
        end_streams: Callable[[], None] = end_sse_streams,
        calls_under_way: Callable[[], int] = lambda: 0,
        tls: Certificates | None = None,
        on_hangup: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Prepare the server. `serve(sockets=...)` runs it in this loop, `run(sockets=...)` in a new one.

        Args:
            app: The application.
            readiness: Told when the socket listens and when the process drains.
            shutdown_delay: Seconds after SIGTERM in which everything is served as before, and for which a
                connection without a request is left open. SIGINT, which people send, has none.
            shutdown_timeout: Seconds from then on until calls that are still running are cancelled.
            on_started: Called with the TCP port when the socket listens.
            end_streams: Called once no call is in progress any more, to end the streams that have no end
                of their own.
            calls_under_way: How many calls are worked on. They may outlive their requests: a client of 2025
                that hangs up does not end its call, and a write must not be broken off.
            tls: Makes the sockets speak TLS, and is reloaded on SIGHUP (not on Windows, which has none).
            on_hangup: What else SIGHUP calls.
        """
        self._in_flight = InFlight(LastAnswers(app, stopping=lambda: self.should_exit))
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
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
            )
        )
        self.clean = True
        self._forced = asyncio.Event()
        self._readiness = readiness
        self._delay = shutdown_delay
        self._shutdown_timeout = shutdown_timeout
        self._listening: list[socket.socket] = []
        self._on_started = on_started
        self._end_streams = end_streams
        self._calls_under_way = calls_under_way
        self._tls = tls
        self._on_hangup = (*([] if tls is None else [tls.reload]), *on_hangup)
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to drain at the first signal, to leave at the second.

        Unlike uvicorn's, does not raise the signal again at the end: a drained process exits with 0.
        """
        self._readiness.draining()
        if sig == signal.SIGINT:
            self._delay = 0.0
        if self.should_exit:
            self.force_exit = True
            # uvicorn's own loops tick every 0.1 s, which wakes this event's waiter too.
            self._forced.set()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, listen, and say so."""
        await super().startup(sockets=sockets)
        # A second name for each socket: the loop closes its own before we have looked at who is waiting.
        self._listening = [listening.dup() for listening in sockets or []]
        if self._on_hangup and _SIGHUP is not None:
            asyncio.get_running_loop().add_signal_handler(_SIGHUP, self._hang_up)
        self._readiness.serving()
        self._on_started(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - its twin is closed
        """Drain, then stop the application.

        Takes the delay, the shutdown timeout and `_LIFESPAN_SECONDS` at most.
        """
        self._readiness.draining()
        self._log.info("draining", calls_in_flight=self._calls)
        stop = asyncio.create_task(self._stop())
        forced = asyncio.create_task(self._forced.wait())
        try:
            await asyncio.wait(
                {stop, forced},
                timeout=self._delay + self._shutdown_timeout + _LIFESPAN_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self.clean = self.clean and stop.done()
            for task in {stop, forced} | (set() if stop.done() else self.server_state.tasks):
                task.cancel()
            ended = await asyncio.gather(stop, forced, return_exceptions=True)
            for connection in list(self._connections):
                connection.transport.abort()
            # Their ends are told in the next step of the loop, which may be its last.
            await asyncio.sleep(0)
            for listening in self._listening:
                listening.close()
            if self._on_hangup and _SIGHUP is not None:
                asyncio.get_running_loop().remove_signal_handler(_SIGHUP)
        self._log.info("stopped", clean=self.clean)
        if isinstance(ended[0], Exception):
            raise ended[0]

    async def _stop(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(lambda: False, loop.time() + self._delay)
        self._readiness.release()
        await self._stop_listening()
        deadline = loop.time() + self._shutdown_timeout
        for_streams = min(_STREAM_SECONDS, self._shutdown_timeout / 2)
        in_time = await self._until(self._only_streams, deadline - for_streams, close_quiet=True)
        if not in_time and self._calls:
            self.clean = False
            self._log.warning("calls_cut_short", calls=self._calls)
        self._end_streams()
        goodbye = loop.time() + _GOODBYE_SECONDS
        if not await self._until(self._is_deserted, min(goodbye, deadline), close_quiet=True):
            self._hang_up_on_the_deaf()
            if not await self._until(self._is_deserted, deadline, close_quiet=True):
                for task in self.server_state.tasks:
                    task.cancel()
        await self.lifespan.shutdown()

    async def _until(
        self, reached: Callable[[], bool], deadline: float, *, close_quiet: bool = False
    ) -> bool:
        """Wait until `reached`, or `deadline` by the loop's clock; say which."""
        loop = asyncio.get_running_loop()
        while not reached():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_TICK_SECONDS)
            await self.on_tick(0)  # keeps the Date of the answers
            if close_quiet:
                for connection in list(self._connections):
                    connection.close_when_quiet_for(self._delay)
        return True

    async def _stop_listening(self) -> None:
        """Close the sockets, and serve those whose connections the system has accepted for us."""
        for server in self.servers:
            server.close()
        waiting: list[socket.socket] = []
        while self._listening:
            with self._listening.pop() as listening, contextlib.suppress(OSError):
                while True:
                    waiting.append(listening.accept()[0])
        loop = asyncio.get_running_loop()
        for connection in waiting:
            connection.setblocking(False)  # noqa: FBT003 - its only parameter
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)

    def _hang_up(self) -> None:
        for react in self._on_hangup:
            react()

    def _protocol(self) -> BoundedHttpProtocol:
        return BoundedHttpProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    @property
    def _connections(self) -> set[BoundedHttpProtocol]:
        return cast("set[BoundedHttpProtocol]", self.server_state.connections)

    @property
    def _calls(self) -> int:
        return max(self._in_flight.calls, self._calls_under_way())

    def _only_streams(self) -> bool:
        connections = [one for one in self._connections if not one.transport.is_closing()]
        return (
            not self._calls
            and all(connection.answers for connection in connections)
            # One more has a request that is about to be served.
            and len(connections) <= self._in_flight.others
        )

    def _is_deserted(self) -> bool:
        return not self._connections and not self.server_state.tasks

    def _hang_up_on_the_deaf(self) -> None:
        """Let go of clients that do not answer that their connection ends, as TLS has it."""
        for connection in list(self._connections):
            if connection.transport.is_closing():
                connection.transport.abort()


def serve(  # noqa: PLR0913 - every part is set by the command line
    app: ASGIApp,
    *,
    host: str,
    port: int,
    readiness: Readiness,
    shutdown_delay: float = 0.0,
    shutdown_timeout: float = 10.0,
    on_started: Callable[[int], None] = lambda _port: None,
    end_streams: Callable[[], None] = end_sse_streams,
    calls_under_way: Callable[[], int] = lambda: 0,
    tls: Certificates | None = None,
    on_hangup: Sequence[Callable[[], None]] = (),
    inherited: Sequence[socket.socket] = (),
) -> int:
    """Listen and serve until a signal ends it. For the main thread, which is where signals arrive.

    Args:
        app: The application.
        host: The address to listen on.
        port: The TCP port; 0 lets the system choose.
        readiness: Told when the socket listens and when the process drains.
        shutdown_delay: Seconds after SIGTERM in which everything is served as before.
        shutdown_timeout: Seconds from then on until calls that are still running are cancelled.
        on_started: Called with the TCP port when the socket listens.
        end_streams: Ends the open streams once no call is in progress. One that replaces the default
            must call `end_sse_streams` too.
        calls_under_way: How many calls are worked on, with or without a client that waits.
        tls: Makes it HTTPS.
        on_hangup: What SIGHUP calls, besides having the certificate read again.
        inherited: Sockets that are bound already, instead of `host` and `port`.

    Returns:
        The exit code: 0 after a clean drain; 1 when the address is taken, the application did not start, or
        calls were cut short.
    """
    # sse-starlette would otherwise cut every stream, calls included, half a second after the signal.
    AppStatus.enable_automatic_graceful_drain = False
    try:
        sockets = list(inherited) or bind(host, port)
    except BindError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_FAILURE
    server = Server(
        app,
        readiness=readiness,
        shutdown_delay=shutdown_delay,
        shutdown_timeout=shutdown_timeout,
        on_started=on_started,
        end_streams=end_streams,
        calls_under_way=calls_under_way,
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
