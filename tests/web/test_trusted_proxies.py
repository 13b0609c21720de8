from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.web.trusted_proxies import TrustedProxies


def trusts(setting: str, address: str, position: int = 0) -> bool:
    return TrustedProxies.parse(setting).trusts(ip_address(address), position)


@pytest.mark.parametrize("setting", ["false", "FALSE", "no", "off", "0"])
def test_nobody_is_trusted(setting: str) -> None:
    assert not trusts(setting, "127.0.0.1")
    assert not TrustedProxies.parse(setting).trusts(None, 0)


@pytest.mark.parametrize("setting", ["true", "yes", "1"])
def test_true_means_the_one_proxy_that_connects(setting: str) -> None:
    assert trusts(setting, "203.0.113.9")
    assert not trusts(setting, "203.0.113.9", position=1)


@pytest.mark.parametrize(
    ("setting", "address", "trusted"),
    [
        ("loopback", "127.0.0.1", True),
        ("loopback", "127.8.8.8", True),
        ("loopback", "::1", True),
        ("loopback", "10.0.0.1", False),
        ("linklocal", "fe80::1", True),
        ("linklocal", "169.254.1.1", True),
        ("uniquelocal", "10.1.2.3", True),
        ("uniquelocal", "172.31.0.1", True),
        ("uniquelocal", "172.32.0.1", False),
        ("uniquelocal", "fd12::1", True),
        ("UniqueLocal, loopback", "::1", True),
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.7", "10.0.0.8", False),
        ("10.9.9.9/8", "10.0.0.1", True),
        ("192.0.2.0/24,2001:db8::/32", "2001:db8::5", True),
        ("192.0.2.0/24,2001:db8::/32", "192.0.3.1", False),
    ],
)
def test_networks_and_their_names(setting: str, address: str, trusted: bool) -> None:  # noqa: FBT001
    assert trusts(setting, address, position=5) is trusted


@pytest.mark.parametrize(
    "setting", ["33", "99999999999999999999", "-1", "10.0.0.0/33", "proxy.example.com", ","]
)
def test_a_setting_that_cannot_be_read_says_what_to_write(setting: str) -> None:
    with pytest.raises(ValueError, match=r"Use false, loopback, the number of proxies in front \(0 to 32\)"):
        TrustedProxies.parse(setting)


def test_all_unreadable_entries_are_named() -> None:
    with pytest.raises(ValueError, match=r"network: 'nginx', '10\.0\.0\.0/99'\."):
        TrustedProxies.parse("nginx,10.0.0.1,10.0.0.0/99")
