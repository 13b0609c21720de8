"""The status page as somebody sees it: in Chromium, in light and dark, on a desk and on a phone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from app.auth.bearer import BearerVerifier
from app.telemetry.component import OK, ComponentState
from app.web.discovery import Discovery
from app.web.readiness import Readiness
from app.web.upstream_check import UpstreamCheck
from tests.browser.conftest import Browser
from tests.support.parts import needs
from tests.web.support import BASE, build, running
from tests.web.test_metadata import Metadata, Tokens

pytestmark = [
    needs("node", "the status page in a browser"),
    needs("chromium", "the status page in a browser"),
]

PUBLIC = "https://mcp.example.com"
Picture = Callable[[str], str | None]
VIEWS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone": {"width": 360, "height": 740},
}
BEARER: dict[str, Any] = {"auth_mode": "bearer", "verifier": BearerVerifier(["s3cret"]), "base_url": PUBLIC}
CLERK: dict[str, Any] = {
    "auth_mode": "clerk",
    "verifier": Tokens(),
    "discovery": Discovery(
        issuer="https://clerk.example.com", scopes=("portkey:read",), server_metadata=Metadata({})
    ),
    "base_url": PUBLIC,
}
OPEN: dict[str, Any] = {"backend": "sandbox"}
LIMITS_LOCAL = ComponentState("degraded", "each process counts on its own")
AUDIT_FAILED = ComponentState("failed", "records are not written")


async def answers() -> None:
    """Portkey, when it answers."""


def serving(readiness: Readiness) -> Readiness:
    readiness.serving()
    return readiness


def not_ready() -> Readiness:
    states = {"audit": lambda: AUDIT_FAILED, "rate_limits": lambda: LIMITS_LOCAL, "clerk": lambda: OK}
    return serving(Readiness(components=states, required=["audit"]))


def degraded() -> Readiness:
    states = {"rate_limits": lambda: LIMITS_LOCAL, "clerk": lambda: OK}
    return serving(Readiness(components=states, upstream=UpstreamCheck(answers)))


PAGES: dict[str, tuple[dict[str, Any], Callable[[], Readiness], str]] = {
    "none": (OPEN, lambda: serving(Readiness()), "Ready"),
    "bearer": (BEARER, lambda: serving(Readiness()), "Ready"),
    "clerk": (CLERK, degraded, "Degraded"),
    "not-ready": (CLERK, not_ready, "Not ready"),
}


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_is_wrong_with_the_page(browser: Browser, name: str, picture: Picture) -> None:
    options, readiness, word = PAGES[name]
    async with running(build(readiness=readiness(), **options)) as service:
        for view, how in VIEWS.items():
            found = await browser.ask("look", url=f"{service.url}/", shot=picture(f"{name}-{view}"), **how)
            assert found["violations"] == [], view
            assert found["said"] == [], view
            assert found["blocked"] == [], view
            assert found["overflow"] == 0, view
            assert found["hidden"] == [], view
            assert found["state"].startswith(word)
            others = [url for url in found["asked"] if not url.startswith((service.url, "data:"))]
            assert others == []


async def test_each_text_is_copied_by_its_button_with_the_right_address(browser: Browser) -> None:
    async with running(build(**CLERK)) as service:
        await browser.ask("open", url=f"{service.url}/")
        copied = await browser.ask("copy")
    by_client = {name.removeprefix("Copy the set-up of "): text for name, text in copied.items()}
    endpoint = f"{PUBLIC}/mcp"
    assert by_client.pop("Copy the address of the endpoint") == endpoint
    assert set(by_client) == {"Claude Code", "Claude", "Cursor", "VS Code", "ChatGPT", "curl"}
    assert by_client["Claude"] == by_client["ChatGPT"] == endpoint
    assert shlex.split(by_client["Claude Code"])[-1] == endpoint
    assert json.loads(by_client["Cursor"])["mcpServers"]["portkey"]["url"] == endpoint
    assert json.loads(shlex.split(by_client["VS Code"])[-1])["url"] == endpoint
    assert shlex.split(by_client["curl"])[1] == endpoint


async def test_the_page_stays_true_while_it_is_open(browser: Browser) -> None:
    states = {"rate_limits": OK}
    readiness = serving(Readiness(components={"rate_limits": lambda: states["rate_limits"]}))
    async with running(build(base_url=BASE, readiness=readiness)) as service:
        first = await browser.ask("open", url=f"{service.url}/")
        assert first["state"].startswith("Ready")
        states["rate_limits"] = LIMITS_LOCAL
        second = await browser.ask("wait", **{"not": first["state"]})
        assert second["state"].startswith("Degraded")
        assert "each process counts on its own" in second["parts"]
        assert second["said"] == []
    third = await browser.ask("wait", **{"not": second["state"]})
    assert third["state"].startswith("No answer")


async def test_the_page_says_all_of_it_without_its_script_and_on_paper(
    browser: Browser, picture: Picture
) -> None:
    async with running(build(**BEARER)) as service:
        plain = await browser.ask("plain", url=f"{service.url}/", pdf=picture("paper"))
    assert plain["state"].startswith("Ready")
    assert plain["buttons"] == 0, "what would do nothing is not shown"
    assert plain["navigation"] == 0, "links within the page are no use on paper"
