"""Several processes of the service on one machine, which listen on the same sockets.

The parent binds the sockets and starts each worker with them. It starts a worker anew that ended by itself,
passes SIGHUP on, and ends the workers with SIGTERM; a second signal makes them leave at once. A worker whose
parent is gone drains too. Not for Windows, where a process cannot hand its sockets on like this.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog

from app.web.listening import BindError, bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FAILED: Final = 1
_ENDED_WELL: Final = (0, -signal.SIGTERM)
"""The latter of a worker that had not yet come so far as to serve anybody."""
_PAUSE_SECONDS: Final = 1.0
"""Between the end of a worker and the start of the next in its place."""
_SHORT_LIFE_SECONDS: Final = 10.0
_SHORT_LIVES: Final = 5
"""So many workers in a row that did not live longer than that: the next would not either."""


class Workers:
    """Starts workers, and keeps their number until a signal ends them.

    Args:
        command: The command line of a worker, without its share.
        env: The environment of the workers.
        count: How many there are.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], *, count: int) -> None:
        self._command = tuple(command)
        self._env = dict(env)
        self._count = count
        self._running: set[asyncio.subprocess.Process] = set()
        self._stopping = asyncio.Event()
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def run(self, sockets: Sequence[socket.socket]) -> int:
        """Serve on these sockets until a signal comes.

        Returns:
            The exit code: 0 when every worker drained, else 1.
        """
        loop = asyncio.get_running_loop()
        # Whoever holds the other end of this pipe learns from its end that this process is gone.
        alive, held = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._pass_on, signal.SIGHUP)
        try:
            codes = await asyncio.gather(*(self._keep(index, sockets, alive) for index in range(self._count)))
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)
            os.close(alive)
            os.close(held)
        return max(codes)

    async def _keep(self, index: int, sockets: Sequence[socket.socket], alive: int) -> int:
        """Run one worker after the other in the same place; return the exit code of the last."""
        short_lives = 0
        while True:
            started = time.monotonic()
            code = await self._one(index, sockets, alive)
            if self._stopping.is_set():
                return 0 if code in _ENDED_WELL else _FAILED
            short_lives = short_lives + 1 if time.monotonic() - started < _SHORT_LIFE_SECONDS else 0
            self._log.error("worker_ended", worker=index, code=code)
            if short_lives >= _SHORT_LIVES:
                self._log.error("worker_given_up", worker=index, lives=short_lives)
                self._stop()
                return _FAILED
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_SECONDS):
                    await self._stopping.wait()
                return _FAILED

    async def _one(self, index: int, sockets: Sequence[socket.socket], alive: int) -> int:
        descriptors = [bound.fileno() for bound in sockets]
        process = await asyncio.create_subprocess_exec(
            *self._command,
            f"--worker={index}:{alive}:{','.join(map(str, descriptors))}",
            env=self._env,
            pass_fds=(*descriptors, alive),
            # A Ctrl-C in a terminal reaches all of a session: the workers hear of it from here, once.
            start_new_session=True,
        )
        self._running.add(process)
        try:
            return await process.wait()
        finally:
            self._running.discard(process)

    def _stop(self) -> None:
        self._stopping.set()
        self._pass_on(signal.SIGTERM)

    def _pass_on(self, number: int) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def run_workers(command: Sequence[str], env: Mapping[str, str], *, host: str, port: int, count: int) -> int:
    """Bind the address and serve on it with so many workers. For the main thread.

    Returns:
        The exit code: 1 when the address is taken, or a worker did not end well.
    """
    try:
        sockets = bind(host, port)
    except BindError as error:
        sys.stderr.write(f"{error}\n")
        return _FAILED
    try:
        return asyncio.run(_run(Workers(command, env, count=count), sockets))
    finally:
        for bound in sockets:
            bound.close()


async def _run(workers: Workers, sockets: Sequence[socket.socket]) -> int:
    return await workers.run(sockets)


class Share:
    """What a worker was given by its parent.

    Attributes:
        index: Its place among the workers, from 0.
        sockets: What to listen on.
    """

    def __init__(self, text: str) -> None:
        """Take over the sockets that `--worker` names, and drain when the parent is gone.

        Raises:
            ValueError: The text is not of that form.
            OSError: These are no sockets of this process.
        """
        index, alive, descriptors = text.split(":")
        self.index = int(index)
        self.sockets = [socket.socket(fileno=int(number)) for number in descriptors.split(",")]
        threading.Thread(target=_outlive, args=(int(alive),), name="parent", daemon=True).start()


def _outlive(alive: int) -> None:
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
