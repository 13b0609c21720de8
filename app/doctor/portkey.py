"""Portkey: reachable, accepting the key, and for which domains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from app.catalog.registry import load_tools
from app.catalog.tool import Endpoint, Risk
from app.doctor.finding import Case, Finding
from app.portkey.client import ApiRequest
from app.portkey.errors import PortkeyError
from app.service import build_backend

if TYPE_CHECKING:
    from app.service import Backend

DEADLINE: Final = 20.0
_AT_ONCE: Final = 4
_CHECK: Final = "Portkey"
_REFUSED: Final = (401, 403)


async def check_portkey(case: Case) -> AsyncIterator[Finding]:
    """Ask something cheap of each domain that the service offers; nothing is changed."""
    settings = case.settings
    if not settings.reaches_portkey:
        yield Finding(
            _CHECK,
            "warning",
            "There is no Portkey key: the tools would work on the embedded sandbox.",
            "Set PORTKEY_API_KEY, or PORTKEY_API_KEY_FILE, to an Admin API key. For a trial it is right so.",
        )
        return
    backend = build_backend(settings)
    if backend.credential is None:
        yield Finding(_CHECK, "ok", "The keys come with the callers or the policy: there is none to try.")
        return
    try:
        async with asyncio.timeout(DEADLINE):
            answers = await _ask_all(backend, _questions(settings.tool_domains))
    except TimeoutError:
        yield Finding(
            _CHECK,
            "problem",
            f"{settings.portkey_base_url} does not answer within {DEADLINE:g} seconds.",
            "See whether this machine may reach it: firewall, proxy (HTTPS_PROXY), name service.",
        )
        return
    finally:
        await backend.client.aclose()
    yield _judge(case, answers)


def _questions(domains: tuple[str, ...]) -> dict[str, ApiRequest]:
    """Return the first plain GET of each domain: one that needs no id."""
    questions: dict[str, ApiRequest] = {}
    for tool in load_tools():
        call = tool.call
        wanted = not domains or tool.domain in domains
        if wanted and tool.risk is Risk.READ and isinstance(call, Endpoint) and call.method == "GET":
            plain = "{" not in call.path and call.base != "public" and not tool.enterprise
            if plain:
                questions.setdefault(tool.domain, ApiRequest("GET", call.path, base=call.base))
    return questions


async def _ask_all(backend: Backend, questions: dict[str, ApiRequest]) -> dict[str, PortkeyError | None]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(request: ApiRequest) -> PortkeyError | None:
        async with turn:
            try:
                await backend.client.call(request, backend.credential)
            except PortkeyError as error:
                return error
        return None

    answers = await asyncio.gather(*map(ask, questions.values()))
    return dict(zip(questions, answers, strict=True))


def _judge(case: Case, answers: dict[str, PortkeyError | None]) -> Finding:
    settings = case.settings
    where = settings.portkey_base_url
    variable = settings.variable(
        "portkey_api_key_file" if "portkey_api_key_file" in settings.sources else "portkey_api_key"
    )
    statuses = {domain: error.status for domain, error in answers.items() if error is not None}
    silent = [domain for domain, status in statuses.items() if status is None]
    refused = [domain for domain, status in statuses.items() if status in _REFUSED]
    if silent and len(silent) == len(answers):
        return Finding(
            _CHECK,
            "problem",
            f"{where} cannot be reached.",
            "Correct PORTKEY_BASE_URL, or see whether this machine may reach it: firewall, proxy"
            " (HTTPS_PROXY), name service.",
        )
    if statuses and all(statuses.get(domain) == _REFUSED[0] for domain in answers):
        return Finding(
            _CHECK,
            "problem",
            f"{where} does not accept the key (401).",
            f"Put an Admin API key that is in force into {variable}: Portkey's dashboard, API keys.",
        )
    if len(refused) == len(answers):
        return Finding(
            _CHECK,
            "problem",
            f"{where} knows the key, and lets it do nothing (403).",
            f"Give the key of {variable} scopes, in Portkey's dashboard, or use an Admin API key.",
        )
    if refused:
        return Finding(
            _CHECK,
            "warning",
            f"The key may not read {len(refused)} of {len(answers)} domains: {', '.join(sorted(refused))}.",
            "Give it their scopes in Portkey's dashboard, or leave them out with PORTKEY_TOOL_DOMAINS.",
        )
    return Finding(_CHECK, "ok", f"{where} accepts the key for all {len(answers)} domains that were tried.")
