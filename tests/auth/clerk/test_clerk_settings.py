"""The CLERK_* settings: what they accept, and what is worth a warning."""

from __future__ import annotations

import pytest

from app.settings import SettingsError, load_settings

ENOUGH = {
    "MCP_AUTH_MODE": "clerk",
    "MCP_PUBLIC_BASE_URL": "https://mcp.example.com",
    "CLERK_ISSUER": "https://clerk.example.com",
    "CLERK_AUDIENCE": "https://mcp.example.com/mcp",
    "CLERK_ALLOWED_SUBJECTS": "user_1",
}


def test_issuer_and_audience_are_enough() -> None:
    settings = load_settings(ENOUGH)
    assert settings.auth_mode == "clerk"
    assert settings.warnings == ()


def test_authorized_parties_do_instead_of_an_audience() -> None:
    given = ENOUGH | {"CLERK_AUDIENCE": "", "CLERK_AUTHORIZED_PARTIES": "https://app.example.com, client_1"}
    assert load_settings(given).clerk_authorized_parties == ("https://app.example.com", "client_1")


def test_lists_keep_the_case_of_their_values() -> None:
    assert load_settings(ENOUGH | {"CLERK_ALLOWED_ROLES": "org:Admin,org:Admin"}).clerk_allowed_roles == (
        "org:Admin",
    )


@pytest.mark.parametrize("text", ["portkey:read, profile", "portkey:read profile", " portkey:read,,profile "])
def test_scopes_stand_between_commas_or_blanks(text: str) -> None:
    assert load_settings(ENOUGH | {"CLERK_SCOPES": text}).clerk_scopes == ("portkey:read", "profile")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CLERK_ISSUER", "clerk.example.com"),
        ("CLERK_ISSUER", "http://clerk.example.com"),
        ("CLERK_ISSUER", "https://user:pass@clerk.example.com"),
        ("CLERK_ISSUER", "https://clerk.example.com?x=1"),
        ("CLERK_ISSUER", "http://localhost.evil.test"),
        ("CLERK_JWKS_URL", "http://clerk.example.com/jwks"),
        ("CLERK_API_URL", "file:///etc/passwd"),
        ("CLERK_AUDIENCE", "two words"),
        ("CLERK_AUDIENCE", ","),
        ("CLERK_SCOPES", ","),
        ("CLERK_SCOPES", 'a"b'),
        ("CLERK_SECRET_KEY", "two words"),
        ("CLERK_MAX_TOKEN_AGE_SECONDS", "0"),
        ("CLERK_REQUIRE_SCOPE", "perhaps"),
    ],
)
def test_what_cannot_be_meant_is_a_problem(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(ENOUGH | {variable: text})
    assert [problem.variable for problem in caught.value.problems] == [variable]


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "https://x.dev/a"]
)
def test_a_stand_in_on_loopback_may_speak_http(issuer: str) -> None:
    assert load_settings(ENOUGH | {"CLERK_ISSUER": issuer}).clerk_issuer == issuer


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"CLERK_ALLOWED_SUBJECTS": ""}, "Everybody who can sign in"),
        (
            {"CLERK_ALLOWED_SUBJECTS": "", "CLERK_ALLOWED_ROLES": "org:admin"},
            "CLERK_ALLOWED_ORGANIZATION_IDS",
        ),
        ({"CLERK_ALLOWED_SUBJECTS": "", "CLERK_REQUIRED_PERMISSIONS": "org:a:b"}, "whichever organization"),
        ({"CLERK_SECRET_KEY": "sk_live_0123456789"}, "every OAuth client"),
        ({"CLERK_ISSUER": "https://clerk.example.com/"}, "ends with a slash"),
        ({"MCP_PUBLIC_BASE_URL": ""}, "MCP_PUBLIC_BASE_URL is unset"),
        ({"MCP_AUTH_MODE": "none"}, "Without effect while MCP_AUTH_MODE is none: CLERK_ALLOWED_SUBJECTS"),
    ],
)
def test_a_choice_that_may_surprise_gets_a_warning(change: dict[str, str], words: str) -> None:
    warnings = load_settings(ENOUGH | change).warnings
    assert len(warnings) == 1
    assert words in warnings[0]
    assert "sk_live" not in warnings[0]


def test_the_secret_key_is_masked_in_the_log() -> None:
    assert (
        "sk_live_0123456789"
        in load_settings(ENOUGH | {"CLERK_SECRET_KEY": "sk_live_0123456789"}).secret_values()
    )
