from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.allow_list import AllowList

LISTED = AllowList.parse(
    [
        "https://app.example.com",
        "https://exact.example.com:8443",
        "http://any.example.com:*",
        "host.example.com",
        "example.local:8080",
        " https://slash.example.com/ ",
        "chrome-extension://abcdef",
        "[2001:db8::1]:9000",
        "https://secure.example.com:443",
    ]
)


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "https://app.example.com:9999",
        "HTTPS://APP.example.COM",
        "https://exact.example.com:8443",
        "http://any.example.com:1",
        "http://host.example.com",
        "https://host.example.com:444",
        "http://example.local:8080",
        "https://slash.example.com",
        "chrome-extension://abcdef",
        "http://[2001:DB8:0::1]:9000",
        "https://secure.example.com",
    ],
)
def test_a_listed_origin_is_allowed(origin: str) -> None:
    assert LISTED.allows_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "app.example.com",
        "http://app.example.com",
        "https://exact.example.com",
        "https://exact.example.com:8444",
        "http://example.local",
        "https://app.example.com.evil.test",
        "https://app.example.com@evil.test",
        "https://app.example.com:8443/path",
        "https://app.example.com:99999",
        "https://app.example.com:*",
        "https://evil.test#https://app.example.com",
        "http://[2001:db8::1]evil:9000",
        "http://[::1",
        "http://[1.2]",
        "https://a b",
        "https://" + "a" * 600,
        "http://.",
    ],
)
def test_any_other_or_malformed_origin_is_refused(origin: str) -> None:
    assert not LISTED.allows_origin(origin)


@pytest.mark.parametrize("origin", ["null", "", "not an origin", "https://"])
def test_a_star_admits_every_origin_but_none_that_is_malformed(origin: str) -> None:
    everything = AllowList.parse(["*"])
    assert everything.allows_origin("https://anywhere.example:1234")
    assert not everything.allows_origin(origin)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:3000", "127.0.0.1:1", "[::1]", "[0:0::1]:80", "localhost."]
)
def test_loopback_names_are_always_good_hosts(host: str) -> None:
    assert LISTED.allows_host(host)


def test_a_host_is_judged_by_its_name_whatever_the_port() -> None:
    assert LISTED.allows_host("app.example.com:3000")
    assert LISTED.allows_host("example.local:8080")
    assert AllowList.parse(["*"]).allows_host("anything.test")


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "localhost.evil.test",
        "app.example.com@evil.test",
        "[::1]evil",
        "",
        "http://localhost",
        "a:b",
        "*",
    ],
)
def test_a_foreign_or_malformed_host_is_refused(host: str) -> None:
    assert not LISTED.allows_host(host)


def test_the_default_list_is_this_machine_on_any_port() -> None:
    default = AllowList.loopback()
    assert default.allows_origin("http://localhost:5173")
    assert default.allows_origin("https://[::1]:8443")
    assert not default.allows_origin("https://app.example.com")


def test_all_unreadable_entries_are_reported_together() -> None:
    with pytest.raises(ValueError, match="'https://a/b', 'null://', ''") as caught:
        AllowList.parse(["https://ok.example", "https://a/b", "null://", ""])
    assert "https://app.example.com:8443" in str(caught.value)


@given(st.text(max_size=40))
def test_no_header_text_breaks_the_check(text: str) -> None:
    allowed = AllowList.loopback()
    assert allowed.allows_origin(text) in {True, False}
    assert allowed.allows_host(text) in {True, False}


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{2,5}){0,2}", fullmatch=True),
    port=st.none() | st.integers(1, 65535),
)
def test_an_origin_is_allowed_by_itself(scheme: str, host: str, port: int | None) -> None:
    origin = f"{scheme}://{host}" + (f":{port}" if port else "")
    assert AllowList.parse([origin]).allows_origin(origin)


SUBDOMAINS = AllowList.parse(["https://*.example.com", "*.internal.test:8443", "http://*.localhost:*"])


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example.com",
        "https://a.b.EXAMPLE.com:8443",
        "http://x.internal.test:8443",
        "https://x.internal.test:8443",
        "http://team.localhost:5173",
    ],
)
def test_a_wildcard_stands_for_all_names_below(origin: str) -> None:
    assert SUBDOMAINS.allows_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "http://a.example.com",
        "https://aexample.com",
        "https://a.example.com.evil.test",
        "https://.example.com",
        "https://*.example.com",
        "http://x.internal.test",
        "https://team.localhost",
        "null",
    ],
)
def test_a_wildcard_stands_for_nothing_else(origin: str) -> None:
    assert not SUBDOMAINS.allows_origin(origin)


def test_a_wildcard_covers_host_names_as_well() -> None:
    assert SUBDOMAINS.allows_host("a.example.com:3000")
    assert not SUBDOMAINS.allows_host("example.com")
    assert not SUBDOMAINS.allows_host("*.example.com")


@pytest.mark.parametrize(
    "entry",
    [
        "https://*.com",
        "*.",
        "*.*.example.com",
        "https://a.*.example.com",
        "*.2.3.4",
        "*.[::1]",
        "*example.com",
        "**",
    ],
)
def test_a_wildcard_needs_a_domain_of_one_s_own(entry: str) -> None:
    with pytest.raises(ValueError, match="Not an origin"):
        AllowList.parse([entry])
