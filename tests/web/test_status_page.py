from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pytest

from app.auth.bearer import BearerVerifier
from app.telemetry.component import OK, ComponentState
from app.web.clients import is_on_the_internet
from app.web.discovery import Discovery
from app.web.options import WebOptions
from app.web.readiness import Readiness, Report
from app.web.status_page import render
from app.web.upstream_check import UpstreamCheck, Verdict
from tests.web.support import OPTIONS, build, client
from tests.web.test_metadata import Metadata, Tokens

PUBLIC = "https://mcp.example.com"
BEARER = replace(OPTIONS, auth_mode="bearer", verifier=BearerVerifier(["s3cret"]), base_url=PUBLIC)
CLERK = replace(
    OPTIONS,
    auth_mode="clerk",
    verifier=Tokens(),
    discovery=Discovery(issuer="https://clerk.example.com", scopes=(), server_metadata=Metadata(None)),
    base_url=PUBLIC,
)
NOW = datetime(2026, 11, 25, 13, 5, 9, tzinfo=UTC)
FINE = Report(None, {})


def page_of(options: WebOptions, report: Report = FINE) -> str:
    return render(options, report, NOW)


def texts(page: str) -> dict[str, str]:
    """What somebody would copy, by client."""
    found = re.findall(r"<article.*?<h3[^>]*>(.*?)</h3>(.*?)</article>", page, re.DOTALL)
    shown = {client_: re.search(r"<pre>(.*?)</pre>", rest, re.DOTALL) for client_, rest in found}
    return {client_: unescape(text[1]) if text else "" for client_, text in shown.items()}


def state(page: str) -> str:
    found = re.search(r'<p id="state" role="status">(.*?)</p>', page)
    assert found is not None
    return re.sub(r"<[^>]*>", "", found[1])


def parts(page: str) -> str:
    found = re.search(r'<dl id="parts"[^>]*>(.*?)</dl>', page, re.DOTALL)
    assert found is not None
    return unescape(re.sub(r"<[^>]*>", " ", found[1]))


async def test_the_page_runs_its_own_script_and_nothing_else() -> None:
    async with client(build()) as http:
        response = await http.get("/")
        policy = response.headers["content-security-policy"]
        [(attributes, inline)] = re.findall(r"<script([^>]*)>(.*?)</script>", response.text)
        script = await http.get("/" + attributes.split('"')[1])
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert inline == ""
    assert not re.search(r'\son\w+="|javascript:|style="', response.text)
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert script.status_code == 200
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_page_tells_what_is_served_and_how() -> None:
    page = page_of(replace(BEARER, backend="sandbox", session_mode="stateful"))
    for fact in (
        "1.2.3",
        "https://mcp.example.com/mcp",
        "Authorization: Bearer",
        "Stateful: ",
        "Nothing reaches Portkey.",
        'href="ready"',
    ):
        assert fact in page
    assert "A live Portkey organisation." in page_of(OPTIONS)
    assert "whoever reaches this address may call" in page_of(OPTIONS)
    assert "a browser at clerk.example.com and you sign in" in page_of(CLERK)
    assert "x-portkey-api-key" in page_of(replace(OPTIONS, caller_keys=True))
    assert "x-portkey-api-key" not in page_of(OPTIONS)


@pytest.mark.parametrize(
    ("report", "word", "meaning"),
    [
        (FINE, "Ready", "takes calls."),
        (Report(None, {"clerk": OK}), "Ready", "takes calls."),
        (
            Report(None, {"clerk": OK, "audit": ComponentState("failed", "x")}),
            "Degraded",
            "less than it should",
        ),
        (Report(None, {"clerk": ComponentState("degraded", "x")}), "Degraded", "less than it should"),
        (Report("starting", {}), "Not ready", "starting"),
        (Report("draining", {}), "Not ready", "shutting down"),
        (Report("component_failed", {"audit": ComponentState("failed", "x")}), "Not ready", "has failed"),
        (
            Report("portkey", {}, Verdict("timeout", 5000.0, cached=False)),
            "Not ready",
            "Portkey does not answer",
        ),
    ],
)
def test_the_page_says_how_the_service_is(report: Report, word: str, meaning: str) -> None:
    told = state(page_of(OPTIONS, report))
    assert told.startswith(word)
    assert meaning in told


def test_the_page_says_how_each_part_is() -> None:
    report = Report(
        None,
        {"rate_limits": ComponentState("degraded", "each process counts on its own"), "clerk": OK},
        Verdict(None, 12.4, cached=False),
    )
    told = parts(page_of(OPTIONS, report))
    assert re.search(r"Rate limits\s+degraded\s*: each process counts on its own", told)
    assert re.search(r"Clerk\s+ok", told)
    assert re.search(r"Portkey\s+ok\s*: answered in 12 ms", told)
    refused = parts(page_of(OPTIONS, Report("portkey", {}, Verdict("refused", 1.0, cached=True))))
    assert "refuses the key of this service" in refused
    assert parts(page_of(OPTIONS)).strip() == ""


async def test_each_request_finds_the_state_of_that_moment() -> None:
    readiness = Readiness()
    async with client(build(readiness=readiness)) as http:
        before = await http.get("/")
        readiness.serving()
        after = await http.get("/")
    assert before.status_code == after.status_code == 200
    assert state(before.text).startswith("Not ready")
    assert state(after.text).startswith("Ready")


async def test_the_page_and_ready_ask_portkey_once_together() -> None:
    asked = 0

    async def probe() -> None:
        nonlocal asked
        asked += 1

    readiness = Readiness(upstream=UpstreamCheck(probe))
    readiness.serving()
    async with client(build(readiness=readiness)) as http:
        page = await http.get("/")
        ready = await http.get("/ready")
    assert "answered in" in page.text
    assert ready.json()["portkey"]["status"] == "ok"
    assert asked == 1


def test_claude_code_can_be_connected_with_the_line_shown() -> None:
    assert shlex.split(texts(page_of(OPTIONS))["Claude Code"]) == [
        *("claude", "mcp", "add", "--transport", "http", "portkey", "http://127.0.0.1:3000/mcp")
    ]
    with_token = shlex.split(texts(page_of(BEARER))["Claude Code"])
    assert with_token[-2:] == ["--header", "Authorization: Bearer YOUR_TOKEN"]
    assert "--header" not in texts(page_of(CLERK))["Claude Code"]


def test_cursor_can_be_connected_with_the_text_shown() -> None:
    config = json.loads(texts(page_of(BEARER))["Cursor"])
    assert config["mcpServers"]["portkey"] == {
        "url": "https://mcp.example.com/mcp",
        "headers": {"Authorization": "Bearer YOUR_TOKEN"},
    }
    assert "headers" not in texts(page_of(OPTIONS))["Cursor"]


def test_vs_code_can_be_connected_with_the_line_shown() -> None:
    program, flag, config = shlex.split(texts(page_of(BEARER))["VS Code"])
    assert (program, flag) == ("code", "--add-mcp")
    assert json.loads(config) == {
        "name": "portkey",
        "type": "http",
        "url": "https://mcp.example.com/mcp",
        "headers": {"Authorization": "Bearer YOUR_TOKEN"},
    }


@pytest.mark.parametrize("name", ["Claude", "ChatGPT"])
def test_a_client_that_calls_from_the_internet_is_offered_only_where_it_can_work(name: str) -> None:
    assert texts(page_of(CLERK))[name] == "https://mcp.example.com/mcp"
    assert texts(page_of(replace(OPTIONS, base_url=PUBLIC)))[name] == "https://mcp.example.com/mcp"
    assert texts(page_of(BEARER))[name] == ""
    assert texts(page_of(OPTIONS))[name] == ""
    assert f"{name} calls from the internet and cannot reach" in page_of(OPTIONS)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://mcp.example.com/mcp", True),
        ("https://203.0.113.7:8443/mcp", False),
        ("https://93.184.215.14/mcp", True),
        ("http://mcp.example.com/mcp", False),
        ("https://localhost:3000/mcp", False),
        ("https://mcp.internal/mcp", False),
        ("https://mcp/mcp", False),
        ("https://10.1.2.3/mcp", False),
        ("https://[::1]:3000/mcp", False),
    ],
)
def test_what_is_on_the_internet(endpoint: str, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_on_the_internet(endpoint) is expected


@pytest.mark.parametrize(("options", "token"), [(OPTIONS, False), (BEARER, True), (CLERK, True)])
def test_the_line_for_curl_asks_for_the_handshake(options: WebOptions, token: bool) -> None:  # noqa: FBT001
    words = shlex.split(texts(page_of(options))["curl"].replace("\\\n", ""))
    assert words[:2] == ["curl", options.endpoint]
    assert ("Authorization: Bearer YOUR_TOKEN" in words) is token
    assert json.loads(words[-1])["method"] == "initialize"


def test_everything_on_the_page_is_escaped() -> None:
    odd = {"<i>": ComponentState("failed", "<b>bold</b>")}
    options = replace(OPTIONS, base_url='https://x/"><script>alert(1)</script>', version="<b>")
    page = page_of(options, Report(None, odd))
    assert page.count("<script") == 1
    assert "<b>" not in page
    assert "<i>" not in page.lower()


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
    balance.feed(page_of(BEARER, Report(None, {"clerk": OK})))
    assert balance.open == []
