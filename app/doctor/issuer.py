"""The issuer of tokens: its metadata, its keys, and for whom its tokens are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from app.auth.clerk.server_metadata import metadata_url
from app.doctor.asking import NoAnswerError
from app.doctor.finding import Case, Finding

_OK: Final = 200
_CHECK: Final = "issuer"


async def check_issuer(case: Case) -> AsyncIterator[Finding]:
    """Ask the issuer what the service would ask it."""
    settings = case.settings
    if settings.auth_mode != "clerk" or settings.clerk_issuer is None:
        return
    issuer = settings.clerk_issuer
    metadata = await _document(case, metadata_url(issuer))
    if isinstance(metadata, str):
        yield Finding(
            _CHECK,
            "problem",
            f"{metadata_url(issuer)} cannot be used: {metadata}.",
            "Set CLERK_ISSUER to the Frontend API URL of the Clerk instance (Clerk's dashboard, API keys),"
            " and see that this machine reaches it.",
        )
        return
    if metadata.get("issuer") != issuer:
        yield Finding(
            _CHECK,
            "problem",
            f"CLERK_ISSUER is {issuer}, and the issuer there calls itself {metadata.get('issuer')!r}:"
            " no token would be accepted.",
            f"Set CLERK_ISSUER={metadata.get('issuer')}, exactly so.",
        )
        return
    yield Finding(_CHECK, "ok", f"{issuer} answers and calls itself so.")
    url = settings.clerk_jwks_url or f"{issuer.rstrip('/')}/.well-known/jwks.json"
    keys = await _document(case, url)
    if isinstance(keys, str) or not keys.get("keys"):
        found = keys if isinstance(keys, str) else "there are no keys in it"
        yield Finding(
            _CHECK,
            "problem",
            f"The issuer's keys at {url} cannot be used: {found}.",
            "Unset CLERK_JWKS_URL to have them where Clerk keeps them, or correct it.",
        )
    else:
        yield Finding(_CHECK, "ok", f"Its {len(keys['keys'])} key(s) can be fetched.")
    async for finding in _audience(case):
        yield finding


async def _audience(case: Case) -> AsyncIterator[Finding]:
    settings = case.settings
    if settings.clerk_audience and settings.public_base_url:
        endpoint = f"{settings.public_base_url}/mcp"
        if endpoint not in settings.clerk_audience:
            yield Finding(
                _CHECK,
                "warning",
                f"Clients ask for tokens for {endpoint}, and CLERK_AUDIENCE has another value.",
                f"Set CLERK_AUDIENCE={endpoint}, unless a JWT template sets `aud` to yours.",
            )


async def _document(case: Case, url: str) -> dict[str, Any] | str:
    """Return the JSON object at `url`, or why there is none."""
    try:
        reply = await case.asker.ask("GET", url)
    except NoAnswerError as error:
        return str(error)
    if reply.status != _OK:
        return f"it answers {reply.status}"
    return reply.json or "it answers something other than a JSON object"
