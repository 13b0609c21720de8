"""The paragraph a newcomer reads, and whether the lines in it can be pasted."""

from __future__ import annotations

import json
import shlex

from app.greeting import greeting

ENDPOINT = "http://127.0.0.1:3000/mcp"


def line(text: str, client: str) -> str:
    [found] = [part.strip() for part in text.splitlines() if part.strip().startswith(client)]
    return found.removeprefix(client).strip()


def test_a_newcomer_reads_that_it_is_a_sandbox_and_how_to_go_live() -> None:
    text = greeting(ENDPOINT, tools=34, sandbox=True, token=False)
    assert "34 tools at http://127.0.0.1:3000/mcp" in text
    assert "sandbox" in text
    assert "PORTKEY_API_KEY=" in line(text, "Go live")


def test_a_live_service_says_so_and_does_not_speak_of_a_sandbox() -> None:
    text = greeting(ENDPOINT, tools=34, sandbox=False, token=False)
    assert "live" in text
    assert "sandbox" not in text


def test_the_lines_for_clients_can_be_pasted() -> None:
    text = greeting(ENDPOINT, tools=34, sandbox=True, token=False)
    assert shlex.split(line(text, "Claude Code"))[-2:] == ["portkey", ENDPOINT]
    config = json.loads(line(text, "Cursor").split(": ", 1)[1])
    assert config == {"mcpServers": {"portkey": {"url": ENDPOINT}}}


def test_where_a_token_is_needed_the_lines_have_a_place_for_it() -> None:
    text = greeting(ENDPOINT, tools=34, sandbox=True, token=True)
    assert shlex.split(line(text, "Claude Code"))[-2:] == ["--header", "Authorization: Bearer YOUR_TOKEN"]
    added = json.loads(shlex.split(line(text, "VS Code"))[-1])
    assert added["headers"] == {"Authorization": "Bearer YOUR_TOKEN"}
