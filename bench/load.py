"""The load generator: raw sockets with keep-alive. One JSON command a line in, one JSON answer a line out."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import httptools
import orjson
import uvloop

from bench.accounts import cpu_seconds
from bench.messages import Era, Message, Operation, delete, http_request, initialized, message, plain_get

HTTP_OK, HTTP_ACCEPTED = 200, 202
ANSWER_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to measure: an operation of the server at a port, as so many clients of an era see it.

    It ends after `seconds`, or after `most` requests if that is not 0. With `keep` the sessions that
    initialize opens stay open. `spread` is the time in seconds over which the clients begin: together by
    default, so that what they send to a server that answers late would go on to arrive in one burst. `pid`
    is the process whose CPU time is counted meanwhile.
    """

    port: int
    era: Era
    sessions: bool
    operation: Operation
    concurrency: int
    seconds: float
    most: int = 0
    keep: bool = False
    spread: float = 0.0
    pid: int | None = None


@dataclass(slots=True)
class Measured:
    """What one measurement gave. Latencies in milliseconds; failures are counted apart and named.

    `requests` counts those that end a session too; latencies are of the operation alone.
    """

    requests: int = 0
    seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    cpu_seconds: float | None = None
    failures: int = 0
    failure: str = ""


@dataclass(slots=True)
class Answer:
    """One HTTP answer."""

    status: int = 0
    session: str = ""
    body: bytearray = field(default_factory=bytearray)

    def problem(self, era: Era) -> str:
        """What is wrong with it as an answer to a request; empty if nothing is."""
        if self.status != HTTP_OK:
            return f"HTTP {self.status}: {bytes(self.body[:300])!r}"
        if era == "plain":
            return ""
        if b'"result"' not in self.body or b'"isError":true' in self.body:
            return f"no result: {bytes(self.body[:300])!r}"
        return ""


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time on it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._waiting: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods alone

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("The server closed the connection."))

    def on_message_begin(self) -> None:
        self._answer = Answer()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"mcp-session-id":
            self._answer.session = value.decode()

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        assert self._waiting
        self._answer.status = self._parser.get_status_code()
        waiting, self._waiting = self._waiting, None
        if not waiting.done():
            waiting.set_result(self._answer)

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and wait for its whole answer.

        Raises:
            ConnectionError: The server has closed the connection.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("The server closed the connection.")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def is_closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Client:
    """A client that repeats one operation on its own connection until all are to end."""

    def __init__(self, command: Command, connection: Connection) -> None:
        self._command = command
        self._connection = connection
        self._session = ""
        self.latencies: list[float] = []
        self.problems: list[str] = []
        self.sessions_ended = 0

    async def prepare(self) -> None:
        """Use the connection once, and open the session that the operation needs."""
        if self._command.era == "plain":
            await self._connection.exchange(plain_get(self._command.port))
            return
        answer = await self._post(message("initialize", self._command.era))
        problem = answer.problem(self._command.era)
        assert not problem, problem
        if not self._command.sessions:
            return
        if self._command.operation == "initialize":
            await self._close_session(answer.session)
            return
        self._session = answer.session
        accepted = await self._post(initialized())
        assert accepted.status == HTTP_ACCEPTED, accepted

    async def repeat(self, begin_after: float, tickets: Iterator[int]) -> None:
        """Send one request after the other, each with a ticket, until there are none or the time is over."""
        request = self._wanted()
        await asyncio.sleep(begin_after)
        until = time.perf_counter() + self._command.seconds
        while (begun := time.perf_counter()) < until and next(tickets, None) is not None:
            try:
                answer = await self._connection.exchange(request)
            except ConnectionError as lost:
                self.problems.append(repr(lost))
                return
            self.latencies.append((time.perf_counter() - begun) * 1000)
            if problem := answer.problem(self._command.era):
                self.problems.append(problem)
            if answer.session and not self._session:
                await self._settle(answer.session)

    def _wanted(self) -> bytes:
        if self._command.era == "plain":
            return plain_get(self._command.port)
        wanted = message(self._command.operation, self._command.era)
        return self._request("POST", wanted.headers, wanted.body)

    async def _settle(self, session: str) -> None:
        """Do with a session that initialize opened what is to be done with it."""
        if self._command.keep:
            said = initialized()
            headers = (*said.headers, ("Mcp-Session-Id", session))
            await self._connection.exchange(self._request("POST", headers, said.body))
        else:
            # Sessions are counted and limited.
            await self._close_session(session)
            self.sessions_ended += 1

    async def end_session(self) -> None:
        """End the session that was prepared."""
        if not self._session:
            return
        if self._connection.is_closed():
            # It waited for the slowest client longer than the server keeps a connection.
            self._connection = await connect(self._command.port)
        await self._close_session(self._session)

    def close(self) -> None:
        self._connection.close()

    async def _close_session(self, session: str) -> None:
        await self._connection.exchange(delete(session, self._command.port))

    async def _post(self, wanted: Message) -> Answer:
        return await self._connection.exchange(self._request("POST", wanted.headers, wanted.body))

    def _request(self, method: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
        session = (("Mcp-Session-Id", self._session),) if self._session else ()
        return http_request(method, self._command.port, (*headers, *session), body)


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def measure(command: Command) -> Measured:
    """Run the clients of one measurement together; what they need beforehand is not measured."""
    clients: list[Client] = []
    try:
        async with asyncio.timeout(command.seconds + ANSWER_WITHIN):
            for _ in range(command.concurrency):
                clients.append(Client(command, await connect(command.port)))  # noqa: PERF401 - closed below
            await asyncio.gather(*(client.prepare() for client in clients))
            tickets: Iterator[int] = iter(range(command.most)) if command.most else itertools.count()
            begins = (command.spread * number / len(clients) for number in range(len(clients)))
            used, begun = _cpu(command), time.perf_counter()
            await asyncio.gather(
                *(client.repeat(begin, tickets) for begin, client in zip(begins, clients, strict=True))
            )
            seconds = time.perf_counter() - begun
            used_then = _cpu(command)
            await asyncio.gather(*(client.end_session() for client in clients))
    finally:
        for client in clients:
            client.close()
    latencies = sorted(latency for client in clients for latency in client.latencies)
    problems = [problem for client in clients for problem in client.problems]
    return Measured(
        requests=len(latencies) + sum(client.sessions_ended for client in clients),
        seconds=seconds,
        p50=latencies[len(latencies) // 2] if latencies else 0.0,
        p99=latencies[len(latencies) * 99 // 100] if latencies else 0.0,
        cpu_seconds=None if used is None or used_then is None else used_then - used,
        failures=len(problems),
        failure=problems[0] if problems else "",
    )


def _cpu(command: Command) -> float | None:
    return None if command.pid is None else cpu_seconds(command.pid)


async def main() -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        try:
            measured = await measure(Command(**orjson.loads(line)))
        except Exception as problem:  # noqa: BLE001 - it is reported, and the next measurement may succeed
            measured = Measured(failures=1, failure=repr(problem))
        sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(main())
