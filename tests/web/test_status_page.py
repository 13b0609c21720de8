from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

from app.auth.bearer import BearerVerifier
from app.web.status_page import render
from tests.web.support import OPTIONS, build, client

BEARER = replace(OPTIONS, auth_mode="bearer", verifier=BearerVerifier(["s3cret"]))


def lines(page: str) -> dict[str, str]:
    """The one-liners of the page, as somebody would copy them, by the first word above them."""
    found = re.findall(r"<h3>(.*?)</h3>\s*<pre>(.*?)</pre>", page)
    return {where.split(",")[0]: unescape(line) for where, line in found}


async def test_the_page_is_html_that_runs_nothing() -> None:
    async with client(build()) as http:
        response = await http.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in response.text
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy


def test_the_page_tells_what_is_served_and_how() -> None:
    page = render(replace(BEARER, backend="sandbox", session_mode="stateful"))
    for fact in (
        "1.2.3",
        "http://127.0.0.1:3000/mcp",
        "bearer: ",
        "stateful: ",
        "sandbox: ",
        'href="/ready"',
    ):
        assert fact in page
    assert "live: " in render(OPTIONS)


def test_claude_code_can_be_connected_with_the_line_shown() -> None:
    assert shlex.split(lines(render(OPTIONS))["Claude Code"]) == [
        *("claude", "mcp", "add", "--transport", "http", "portkey", "http://127.0.0.1:3000/mcp")
    ]
    with_token = shlex.split(lines(render(BEARER))["Claude Code"])
    assert with_token[-2:] == ["--header", "Authorization: Bearer YOUR_TOKEN"]


def test_cursor_can_be_connected_with_the_line_shown() -> None:
    config = json.loads(lines(render(BEARER))["Cursor"])
    assert config["mcpServers"]["portkey"] == {
        "url": "http://127.0.0.1:3000/mcp",
        "headers": {"Authorization": "Bearer YOUR_TOKEN"},
    }
    assert "headers" not in lines(render(OPTIONS))["Cursor"]


def test_vs_code_can_be_connected_with_the_line_shown() -> None:
    program, flag, config = shlex.split(lines(render(BEARER))["VS Code"])
    assert (program, flag) == ("code", "--add-mcp")
    assert json.loads(config) == {
        "name": "portkey",
        "type": "http",
        "url": "http://127.0.0.1:3000/mcp",
        "headers": {"Authorization": "Bearer YOUR_TOKEN"},
    }


def test_everything_on_the_page_is_escaped() -> None:
    page = render(replace(OPTIONS, base_url='https://x/"><script>alert(1)</script>', version="<b>"))
    assert "<script" not in page
    assert "<b>" not in page


def test_the_page_is_well_formed() -> None:
    class Balance(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, _attrs: object) -> None:
            if tag not in {"meta", "link"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    balance = Balance()
    balance.feed(render(BEARER))
    assert balance.open == []
