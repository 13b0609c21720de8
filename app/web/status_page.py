"""GET /: a page for the person who opens the server's address in a browser.

It is written anew for each request, so it is true without a script. With one it stays true: the script asks
for the page again and takes over what it says of the service.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

from app.auth.portkey_key import HEADER
from app.protocol.identity import ICON
from app.web import paths
from app.web.clients import TOKEN, setups

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from app.telemetry.component import Status
    from app.web.clients import Setup
    from app.web.options import WebOptions
    from app.web.readiness import NotReady, Readiness, Report
    from app.web.upstream_check import Reason

_ASSETS: Final = Path(__file__).parent / "assets"
_PAGE: Final = Template((_ASSETS / "status.html").read_text(encoding="utf-8"))
_STYLE: Final = (_ASSETS / "status.css").read_text(encoding="utf-8")
_SCRIPT: Final = (_ASSETS / "status.js").read_bytes()


def _hash(text: bytes) -> str:
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_hash(_STYLE.encode())}'; script-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Another script has another address, so a browser may keep the one it has.
_SCRIPT_URL: Final = f"{paths.STATUS_SCRIPT[1:]}?{hashlib.sha256(_SCRIPT).hexdigest()[:12]}"

Tone = Literal["good", "fair", "bad"]

_WORDS: Final[Mapping[NotReady, str]] = {
    "starting": "It is starting, and takes calls in a moment.",
    "draining": "It is shutting down: it finishes what it has begun and takes nothing new.",
    "component_failed": "A part it cannot do without has failed; see below.",
    "portkey": "It runs, and Portkey does not answer as it should; see below.",
}
_PORTKEY: Final[Mapping[Reason, str]] = {
    "timeout": "does not answer in time",
    "unreachable": "cannot be reached",
    "refused": "refuses the key of this service",
    "no_api_key": "is not asked, for want of a key",
    "error": "answers with an error",
}
_TONES: Final[Mapping[Status, Tone]] = {"ok": "good", "degraded": "fair", "failed": "bad"}
_SESSIONS: Final = {
    "stateful": "Stateful: a client may resume what it began",
    "stateless": "Stateless: every request stands alone",
}
_BACKENDS: Final = {
    "sandbox": "The sandbox, an invented company. Nothing reaches Portkey.",
    "portkey": "A live Portkey organisation. Changes take effect at once.",
}


def render(options: WebOptions, report: Report, now: datetime) -> str:
    """Write the page; every value in it is escaped.

    Args:
        options: How this process serves.
        report: How it is.
        now: When it was that.
    """
    ways = setups(options.endpoint, auth_mode=options.auth_mode)
    token = f" Put your token for {TOKEN}, and keep it to yourself."
    return _PAGE.substitute(
        style=_STYLE,
        script=_SCRIPT_URL,
        icon=escape(ICON["src"]),
        version=escape(options.version),
        endpoint=escape(options.endpoint),
        state=_state(report),
        time=f'As of <time datetime="{now.isoformat(timespec="seconds")}">{now:%H:%M:%S} UTC</time>',
        parts=_rows(_parts(report)),
        facts=_rows({name: escape(fact) for name, fact in _facts(options).items()}),
        note=escape(token) if options.auth_mode == "bearer" else "",
        names="\n".join(f'<li><a href="#{_id(way)}">{escape(way.client)}</a></li>' for way in ways),
        clients="\n".join(_client(way) for way in ways),
    )


class StatusPage:
    """Serves the page and its script."""

    def __init__(self, options: WebOptions, readiness: Readiness) -> None:
        self._options = options
        self._readiness = readiness

    async def show(self, _request: Request) -> Response:
        """Answer with the page, and a policy that admits its style sheet, its script and nothing else."""
        report = await self._readiness.report()
        return Response(
            render(self._options, report, datetime.now(UTC)),
            media_type="text/html",
            headers={"Content-Security-Policy": _SECURITY_POLICY, "Cache-Control": "no-store"},
        )

    async def script(self, _request: Request) -> Response:
        """Answer with the script."""
        return Response(
            _SCRIPT, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"}
        )


def _facts(options: WebOptions) -> dict[str, str]:
    facts = {"Sign-in": _sign_in(options), "Tools act on": _BACKENDS[options.backend]}
    if options.caller_keys:
        facts["Portkey key"] = f"You may bring your own, in the header {HEADER}."
    return facts | {"Sessions": _SESSIONS[options.session_mode], "Version": options.version}


def _state(report: Report) -> str:
    states = {state.status for state in report.components.values()}
    if report.lacking is not None:
        return _pill("bad", "Not ready", _WORDS[report.lacking])
    if states <= {"ok"}:
        return _pill("good", "Ready", "It takes calls.")
    return _pill("fair", "Degraded", "It takes calls; a part of it does less than it should.")


def _pill(tone: Tone, word: str, meaning: str) -> str:
    return f'<strong class="pill {tone}">{word}</strong> <span>{meaning}</span>'


def _parts(report: Report) -> dict[str, str]:
    """Say of each part how it is, in HTML."""
    parts = {
        escape(name.replace("_", " ").capitalize()): _word(_TONES[state.status], state.status, state.reason)
        for name, state in report.components.items()
    }
    verdict = report.portkey
    if verdict is not None and verdict.reason is None:
        parts["Portkey"] = _word("good", "ok", f"answered in {verdict.latency_ms:.0f} ms")
    elif verdict is not None and verdict.reason is not None:
        parts["Portkey"] = _word("bad", "failed", _PORTKEY[verdict.reason])
    return parts


def _word(tone: Tone, status: Status, reason: str | None) -> str:
    return f'<span class="word {tone}">{status}</span>{f": {escape(reason)}" if reason else ""}'


def _sign_in(options: WebOptions) -> str:
    if options.auth_mode == "none":
        return "None: whoever reaches this address may call."
    if options.auth_mode == "bearer":
        return "A token, in the header Authorization: Bearer. Ask whoever runs this service for one."
    issuer = urlsplit(options.discovery.issuer).hostname if options.discovery else None
    where = f" at {issuer}" if issuer else ""
    return f"Your client opens a browser{where} and you sign in. There is no token to copy."


def _rows(facts: Mapping[str, str]) -> str:
    return "\n".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())


def _id(setup: Setup) -> str:
    return setup.client.lower().replace(" ", "-")


def _client(setup: Setup) -> str:
    name = escape(setup.client)
    shown = [f"<p>{escape(setup.where)}{':' if setup.text else ''}</p>"]
    if setup.text:
        shown.append(
            '<div class="copyable">'
            f"<pre>{escape(setup.text)}</pre>"
            f'<button type="button" hidden>Copy<span class="unseen"> the set-up of {name}</span></button>'
            "</div>"
        )
    if setup.then:
        shown.append(f"<p>{escape(setup.then)}</p>")
    heading = f'<h3 id="{_id(setup)}" tabindex="-1">{name}</h3>'
    return "\n".join(['<article class="card client">', heading, *shown, "</article>"])
