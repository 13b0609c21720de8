"""A client that is there before the server: it connects as soon as it can, and its first request counts."""

from __future__ import annotations

import socket
import time

import httptools

from bench.load import Answer
from bench.messages import Era, Message, Operation, http_request, initialized, message

RETRY = 0.002
WITHIN = 60.0
CHUNK = 262_144


class _Reader:
    """What httptools calls while it reads one answer."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"mcp-session-id":
            self.answer.session = value.decode()

    def on_body(self, body: bytes) -> None:
        self.answer.body += body

    def on_message_complete(self) -> None:
        self.complete = True


def ask(port: int, era: Era, operation: Operation, *, sessions: bool) -> None:
    """Return when the operation is answered. With sessions, the session it needs is opened first.

    Raises:
        AssertionError: The server gave another answer.
        TimeoutError: The server does not accept connections.
    """
    with _connected(port) as connection:
        session = ""
        if sessions:
            session = _exchange(connection, port, message("initialize", era), "").session
            _exchange(connection, port, initialized(), session)
        answer = _exchange(connection, port, message(operation, era), session)
        problem = answer.problem(era)
        assert not problem, problem


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=WITHIN)
        except ConnectionRefusedError:
            time.sleep(RETRY)
    raise TimeoutError(f"Nothing listens on port {port}.")


def _exchange(connection: socket.socket, port: int, wanted: Message, session: str) -> Answer:
    headers = (*wanted.headers, ("Mcp-Session-Id", session)) if session else wanted.headers
    connection.sendall(http_request("POST", port, headers, wanted.body))
    reader = _Reader()
    parser = httptools.HttpResponseParser(reader)
    while not reader.complete:
        data = connection.recv(CHUNK)
        assert data, "The server closed the connection."
        parser.feed_data(data)
    reader.answer.status = parser.get_status_code()
    return reader.answer
