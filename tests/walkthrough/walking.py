"""Doing the tasks: a real MCP client at the real service, on its own sandbox whose clock stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final
from unittest import mock

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from app.catalog.registry import load_tools
from app.sandbox.application import create_sandbox
from app.service import Service, read_settings
from tests.walkthrough.task import Call, Json, Task, filled, found

TODAY: Final = datetime(2026, 3, 18, 10, tzinfo=UTC)
SECRET: Final = "<secret>"


class WentWrongError(Exception):
    """A call was refused that should not be, or the other way round."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call as it was made, and what came back; a secret that is shown once is not in it."""

    call: Call
    arguments: dict[str, Json]
    answer: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Done:
    """A task as it went."""

    task: Task
    exchanges: tuple[Exchange, ...]
    told: str


@asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    """Serve in this process, and connect."""
    still = partial(create_sandbox, clock=lambda: TODAY)
    service = Service(read_settings({}), load_tools())
    application, readiness = service.application()
    readiness.serving()
    transport = httpx2.ASGITransport(application)
    with mock.patch("app.sandbox.application.create_sandbox", still):
        async with (
            application.router.lifespan_context(application),
            httpx2.AsyncClient(transport=transport) as http,
            Client(streamable_http_client("http://127.0.0.1/mcp", http_client=http)) as client,
        ):
            yield client


async def walk(tasks: Sequence[Task]) -> tuple[Done, ...]:
    """Do the tasks one after the other.

    Raises:
        WentWrongError: At the first call that did not go as it should.
    """
    kept: dict[str, str] = {}
    done: list[Done] = []
    problem: WentWrongError | None = None
    async with connected() as client:
        try:
            for task in tasks:
                exchanges = tuple([await _make(client, call, kept) for call in task.calls])
                done.append(Done(task, exchanges, filled(task.told, kept)))
        except WentWrongError as error:
            problem = error  # raised outside, where no task group wraps it
    if problem:
        raise problem
    return tuple(done)


def texts(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a value, with the name it stands under."""
    if isinstance(value, str):
        yield name, value
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from texts(item, key)
    for item in value if isinstance(value, list) else ():
        yield from texts(item, name)


async def _make(client: Client, call: Call, kept: dict[str, str]) -> Exchange:
    arguments = filled(dict(call.arguments), kept)
    result = await client.call_tool(call.tool, arguments)
    answer = result.structured_content
    if not isinstance(answer, dict) or bool(result.is_error) != call.fails:
        wanted = "be refused" if call.fails else "succeed"
        raise WentWrongError(f"{call.tool} {arguments} was to {wanted}. The answer: {answer}")
    if "one_time_secret" in answer:
        answer = {**answer, "key": SECRET}
    try:
        kept |= {name: found(answer, path) for name, path in call.keep.items()}
    except LookupError as error:
        raise WentWrongError(f"{call.tool} {arguments} answered without {error}: {answer}") from error
    return Exchange(call, arguments, answer)
