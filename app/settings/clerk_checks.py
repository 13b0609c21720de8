"""Checks and warnings of the CLERK_* settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.settings.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings.model import Settings

_WHO: Final = (
    "clerk_allowed_subjects",
    "clerk_allowed_organization_ids",
    "clerk_allowed_roles",
    "clerk_required_permissions",
)


def clerk_problems(settings: Settings) -> Iterator[Problem]:
    """Yield what MCP_AUTH_MODE=clerk lacks."""
    if settings.auth_mode != "clerk":
        return
    if settings.clerk_issuer is None:
        yield Problem(
            settings.variable("clerk_issuer"),
            None,
            "MCP_AUTH_MODE=clerk needs the issuer of the tokens. Set it to the Frontend API URL that Clerk's"
            " dashboard shows under API keys, such as https://clerk.example.com.",
        )
    if not settings.clerk_audience and not settings.clerk_authorized_parties:
        base = settings.public_base_url or "https://mcp.example.com"
        yield Problem(
            settings.variable("clerk_audience"),
            None,
            "MCP_AUTH_MODE=clerk must know which tokens are meant for this server. Set it to the address that"
            f" clients connect to, such as {base}/mcp; or, for session tokens, which name no audience, set"
            " CLERK_AUTHORIZED_PARTIES to the apps they come from (see docs/clerk.md).",
        )


def clerk_warnings(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each choice about Clerk that is weak or without effect."""
    if settings.auth_mode != "clerk":
        named = [name for name in settings.sources if name.startswith("clerk_")]
        if named:
            variables = ", ".join(sorted(map(settings.variable, named)))
            yield (
                f"Without effect while MCP_AUTH_MODE is {settings.auth_mode}: {variables}."
                " Set MCP_AUTH_MODE=clerk."
            )
        return
    yield from _warnings_about_admission(settings)
    if settings.clerk_secret_key is not None and not settings.clerk_authorized_parties:
        yield (
            "CLERK_SECRET_KEY lets in opaque tokens of every OAuth client of the Clerk instance, because most"
            " of them name no audience; CLERK_AUTHORIZED_PARTIES can name the clients."
        )
    if (settings.clerk_issuer or "").endswith("/"):
        yield "CLERK_ISSUER ends with a slash; Clerk's issuers have none, and it must match exactly."
    if settings.public_base_url is None:
        yield (
            "MCP_PUBLIC_BASE_URL is unset, so clients that sign in are sent to the address that this process"
            " listens on; set it to the address that clients connect to."
        )


def _warnings_about_admission(settings: Settings) -> Iterator[str]:
    if not any(getattr(settings, name) for name in _WHO):
        yield (
            "Everybody who can sign in to the Clerk instance is let in; CLERK_ALLOWED_SUBJECTS,"
            " CLERK_ALLOWED_ORGANIZATION_IDS, CLERK_ALLOWED_ROLES or CLERK_REQUIRED_PERMISSIONS can say who."
        )
    elif (settings.clerk_allowed_roles or settings.clerk_required_permissions) and not (
        settings.clerk_allowed_organization_ids or settings.clerk_allowed_subjects
    ):
        yield (
            "Roles and permissions count in whichever organization is active, and users who may create one"
            " are its admins; name yours with CLERK_ALLOWED_ORGANIZATION_IDS."
        )
