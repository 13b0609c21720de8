from __future__ import annotations

import pytest

from app.web.base_url import advertised_base_url


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:3000"),
        ("0.0.0.0", "http://127.0.0.1:3000"),  # noqa: S104 - what is tested
        ("::", "http://127.0.0.1:3000"),
        ("", "http://127.0.0.1:3000"),
        ("::1", "http://[::1]:3000"),
        ("mcp.internal", "http://mcp.internal:3000"),
    ],
)
def test_the_address_shown_is_one_that_a_client_can_use(host: str, expected: str) -> None:
    assert advertised_base_url(public_base_url=None, host=host, port=3000) == expected


def test_a_configured_address_wins_and_keeps_its_path() -> None:
    shown = advertised_base_url(public_base_url="https://mcp.example.com/portkey//", host="::", port=1)
    assert shown == "https://mcp.example.com/portkey"


def test_tls_shows_in_the_scheme() -> None:
    shown = advertised_base_url(public_base_url=None, host="127.0.0.1", port=8443, scheme="https")
    assert shown == "https://127.0.0.1:8443"
