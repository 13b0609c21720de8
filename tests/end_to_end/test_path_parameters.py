"""Identifiers made to reach another path: refused, or one encoded segment of the path they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from urllib.parse import unquote

import httpx2
import pytest

from app.sandbox.keys import ADMIN_KEY
from tests.end_to_end import python_v2
from tests.end_to_end.journey import Answer, OverHttp
from tests.end_to_end.processes import Running
from tests.end_to_end.services import JOURNAL, http_service, pointing_at, sandbox_process

REFUSED = (
    "",
    ".",
    "..",
    "%2e%2e",
    "%2E",
    ".%2e",
    "%252e%252e",
    "\0",
    "finance\0",
    "%00",
    "finance\r\nX-Injected: 1",
    "%0d%0a",
    "\x7f",
)
REFUSED_OR_ENCODED = (
    "a/b",
    "a%2fb",
    "../users",
    "..%2fusers",
    "..\\users",
    "/",
    "//example.com",
    "https://example.com/",
    "finance?force=1",
    "finance#x",
    "finance;x=1",
    "..;",
    "finance&x=1",
    "{workspace_id}",
    "%",
    "%zz",
    " ",
    "...",
    "\uff0e\uff0e",
    "\u2025",
    "caf\u00e9",
    "\U0001f4bc",
)
CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("get_workspace", {}),
    ("update_workspace", {"name": "Taken over"}),
    ("delete_workspace", {"name": "Taken over"}),
    ("list_workspace_members", {}),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with sandbox_process() as process:
        yield process


@pytest.fixture(scope="module")
def service(sandbox: Running) -> Iterator[Running]:
    with http_service(settings=pointing_at(f"{sandbox.url}/v1", ADMIN_KEY)) as process:
        yield process


async def test_what_is_no_identifier_is_refused_before_anything_is_sent(
    service: Running, sandbox: Running
) -> None:
    for value, answer, paths in await called(service, sandbox, REFUSED):
        assert answer.is_error, value
        assert "workspace_id" in answer.text
        assert paths == [], value


async def test_anything_else_stays_one_segment_of_its_own_path(service: Running, sandbox: Running) -> None:
    calls = await called(service, sandbox, REFUSED_OR_ENCODED)
    assert any(paths for _, _, paths in calls)  # or the journal says nothing at all
    for value, answer, paths in calls:
        assert answer.is_error, value
        for path in paths:
            assert path.startswith("/v1/admin/workspaces/")
            segment, _, rest = path.removeprefix("/v1/admin/workspaces/").partition("/")
            assert unquote(segment) == value
            assert rest == ("users" if answer.tool == "list_workspace_members" else "")


async def called(
    service: Running, sandbox: Running, values: tuple[str, ...]
) -> list[tuple[str, Answer, list[str]]]:
    """Call every tool of CALLS with every value; each answer with the paths the sandbox saw for it."""
    seen = []
    async with (
        AsyncExitStack() as stack,
        httpx2.AsyncClient(base_url=sandbox.url, trust_env=False) as journal,
    ):
        client = await stack.enter_async_context(
            await python_v2.connected(OverHttp.of(service), "auto", stack)
        )
        for value in values:
            for tool, arguments in CALLS:
                await journal.delete(JOURNAL)
                answer = await python_v2.call(client, tool, {**arguments, "workspace_id": value})
                entries = (await journal.get(JOURNAL)).json()["data"]
                seen.append((value, answer, [entry["path"] for entry in entries]))
    return seen
