"""The proxies that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.request import getproxies


def environment_proxies() -> Mapping[str, str]:
    """Return HTTPS_PROXY and HTTP_PROXY by scheme.

    Raises:
        ValueError: a proxy is not http.
    """
    proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme in {"http", "https"}}
    for scheme, proxy in proxies.items():
        if not proxy.startswith("http://"):
            raise ValueError(
                f"{scheme.upper()}_PROXY must start with http://; other kinds of proxy are not supported."
            )
    return proxies
