from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.forwarded import Caller, find_caller
from app.web.trusted_proxies import TrustedProxies

PROXY = ("10.0.0.1", 4711)
BEHIND_ONE = TrustedProxies(hops=1)
PRIVATE = TrustedProxies.parse("10.0.0.0/8,fd00::/8")
XFF = b"x-forwarded-for"
FORWARDED = b"forwarded"

addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address).filter(lambda address: address.ipv4_mapped is None),
)
garbage = st.binary(max_size=120).filter(lambda text: not {b"\r", b"\n"} & set(text))


def caller(
    headers: list[tuple[bytes, bytes]], trusted: TrustedProxies = PRIVATE
) -> tuple[str, int, str | None]:
    found = find_caller(PROXY, headers, trusted)
    return str(found.address), found.port, found.scheme


@pytest.mark.parametrize(
    ("value", "address", "port"),
    [
        (b"203.0.113.9", "203.0.113.9", 0),
        (b"203.0.113.9:1234", "203.0.113.9", 1234),
        (b"2001:db8::9", "2001:db8::9", 0),
        (b"[2001:db8::9]:80", "2001:db8::9", 80),
        (b"::ffff:203.0.113.9", "203.0.113.9", 0),
        (b"198.51.100.1, 203.0.113.9", "203.0.113.9", 0),
        (b"198.51.100.1, 203.0.113.9, 10.2.2.2", "203.0.113.9", 0),
        (b"198.51.100.1,, 203.0.113.9 , ,\t10.2.2.2,", "203.0.113.9", 0),
        (b"10.3.3.3, 10.2.2.2", "10.3.3.3", 0),
        # An entry that cannot be read hides everything to its left.
        (b"198.51.100.1, unknown, 10.2.2.2", "10.2.2.2", 0),
        (b"198.51.100.1, evil", "10.0.0.1", 4711),
        (b"203.0.113.9:99999", "10.0.0.1", 4711),
        (b"203.0.113.256", "10.0.0.1", 4711),
        (b"203.0.113.010", "10.0.0.1", 4711),
        (b"fe80::1%eth0", "10.0.0.1", 4711),
        (b"[203.0.113.9]", "10.0.0.1", 4711),
        (b"\xff\xfe", "10.0.0.1", 4711),
        (b"", "10.0.0.1", 4711),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(value: bytes, address: str, port: int) -> None:
    assert caller([(XFF, value)]) == (address, port, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"for=203.0.113.9", ("203.0.113.9", 0, None)),
        (b'For="203.0.113.9:1234";Proto=HTTPS;by=10.0.0.1', ("203.0.113.9", 1234, "https")),
        (b'for="[2001:db8::9]:80" ; proto="http"', ("2001:db8::9", 80, "http")),
        (b'for="203.0.113.9:_x1"', ("203.0.113.9", 0, None)),
        (b"for=198.51.100.1, for=203.0.113.9;proto=https, for=10.2.2.2", ("203.0.113.9", 0, "https")),
        (b"for=203.0.113.9, for=10.2.2.2;proto=https", ("203.0.113.9", 0, "https")),
        # Who hides the client still tells the scheme.
        (b"for=_hidden;proto=https", ("10.0.0.1", 4711, "https")),
        (b"for=unknown, for=10.2.2.2", ("10.2.2.2", 0, None)),
        (b"proto=https", ("10.0.0.1", 4711, "https")),
        (b"proto=gopher", ("10.0.0.1", 4711, None)),
        (b"host=evil.test;for=203.0.113.9", ("203.0.113.9", 0, None)),
        (b"for=203.0.113.9;for=198.51.100.1", ("10.0.0.1", 4711, None)),
        (b"for=203.0.113.9;", ("10.0.0.1", 4711, None)),
        (b"for=203.0.113.9:1234", ("10.0.0.1", 4711, None)),
        (b'for="203.0.113.9', ("10.0.0.1", 4711, None)),
        (b"203.0.113.9", ("10.0.0.1", 4711, None)),
    ],
)
def test_forwarded_is_read_from_the_right(value: bytes, expected: tuple[str, int, str | None]) -> None:
    assert caller([(FORWARDED, value)]) == expected


def test_lines_of_one_header_make_one_list() -> None:
    assert caller([(XFF, b"198.51.100.1"), (b"accept", b"*/*"), (XFF, b"203.0.113.9")])[0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("chain", "schemes", "scheme"),
    [
        (b"203.0.113.9", b"https", "https"),
        (b"203.0.113.9", b"HTTP", "http"),
        (b"203.0.113.9", b"http, https", "https"),
        (b"203.0.113.9, 10.2.2.2", b"https, http", "https"),
        (b"203.0.113.9, 10.2.2.2", b"https", "https"),
        (b"198.51.100.1, 203.0.113.9, 10.2.2.2", b"http, https, http", "https"),
        (b"evil", b"http, https", "https"),
        (b"203.0.113.9", b"ftp", None),
        (b"203.0.113.9", b" , ", None),
    ],
)
def test_the_scheme_is_that_of_the_client_s_hop(chain: bytes, schemes: bytes, scheme: str | None) -> None:
    assert caller([(XFF, chain), (b"x-forwarded-proto", schemes)])[2] == scheme


def test_a_scheme_alone_is_believed_as_well() -> None:
    assert caller([(b"x-forwarded-proto", b"http, https")]) == ("10.0.0.1", 4711, "https")


def test_of_two_headers_that_disagree_neither_is_believed() -> None:
    headers = [(XFF, b"203.0.113.9"), (FORWARDED, b"for=198.51.100.1;proto=https")]
    assert caller([*headers, (b"x-forwarded-proto", b"https")]) == ("10.0.0.1", 4711, None)


def test_two_headers_that_agree_are_believed() -> None:
    assert caller([(XFF, b"203.0.113.9"), (FORWARDED, b"for=203.0.113.9;proto=https")])[0] == "203.0.113.9"


def test_as_many_hops_are_read_as_there_are_proxies() -> None:
    chain = [(XFF, b"198.51.100.1, 203.0.113.9, 192.0.2.7")]
    found = [caller(chain, TrustedProxies(hops=hops))[0] for hops in range(5)]
    assert found == ["10.0.0.1", "192.0.2.7", "203.0.113.9", "198.51.100.1", "198.51.100.1"]


def test_a_connection_without_an_address_may_be_a_proxy_by_number() -> None:
    headers = [(XFF, b"203.0.113.9")]
    assert find_caller(None, headers, BEHIND_ONE) == Caller(ip_address("203.0.113.9"), 0)
    assert find_caller(None, headers, PRIVATE) == Caller(None, 0)


def test_a_mapped_address_is_the_same_machine() -> None:
    found = find_caller(("::ffff:10.0.0.1", 1), [(XFF, b"203.0.113.9")], PRIVATE)
    assert found == Caller(ip_address("203.0.113.9"), 0)


def test_a_list_without_end_is_read_for_so_many_hops() -> None:
    assert caller([(XFF, b"198.51.100.1," + b"10.2.2.2," * 5000)])[0] == "10.2.2.2"


@given(st.lists(st.tuples(st.sampled_from([XFF, FORWARDED, b"x-forwarded-proto"]), garbage)))
def test_whatever_is_sent_an_untrusted_peer_is_the_caller(headers: list[tuple[bytes, bytes]]) -> None:
    peer = ("198.51.100.77", 5)
    assert find_caller(peer, headers, PRIVATE) == Caller(ip_address(peer[0]), 5)


@given(st.lists(st.tuples(st.sampled_from([XFF, FORWARDED, b"x-forwarded-proto"]), garbage)))
def test_whatever_is_sent_through_a_proxy_there_is_a_caller(headers: list[tuple[bytes, bytes]]) -> None:
    found = find_caller(PROXY, headers, TrustedProxies(hops=3))
    assert found.address is not None
    assert 0 <= found.port <= 65535
    assert found.scheme in {None, "http", "https"}


@given(garbage, addresses)
def test_what_a_client_writes_cannot_hide_what_the_proxy_adds(
    written: bytes, client: IPv4Address | IPv6Address
) -> None:
    plain = [(XFF, written + b", " + str(client).encode())]
    assert find_caller(PROXY, plain, BEHIND_ONE).address == client
    node = f"[{client}]" if client.version == 6 else str(client)
    standard = [(FORWARDED, written + f', for="{node}:443";proto=https'.encode())]
    assert find_caller(PROXY, standard, BEHIND_ONE) == Caller(client, 443, "https")


@given(st.lists(addresses, min_size=1, max_size=20), st.integers(0, 25))
def test_each_of_the_trusted_hops_is_passed_and_no_other(
    chain: list[IPv4Address | IPv6Address], hops: int
) -> None:
    headers = [(XFF, ", ".join(map(str, chain)).encode())]
    found = find_caller(PROXY, headers, TrustedProxies(hops=hops)).address
    whole = [*chain, ip_address(PROXY[0])]
    assert found == whole[max(0, len(whole) - 1 - hops)]
