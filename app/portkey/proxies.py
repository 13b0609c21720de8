"""The proxies that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


class Proxies:
    """HTTPS_PROXY, HTTP_PROXY and NO_PROXY, read once.

    Raises:
        ValueError: a proxy is not http.
    """

    def __init__(self) -> None:
        self._proxies = _from_environment()

    def __bool__(self) -> bool:
        return bool(self._proxies)

    def of(self, url: str) -> str | None:
        """Return the proxy for a URL, or None for none."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
            return None
        return self._proxies.get(parts.scheme)


def _from_environment() -> Mapping[str, str]:
    proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme in {"http", "https"}}
    for scheme, proxy in proxies.items():
        if not proxy.startswith("http://"):
            raise ValueError(
                f"{scheme.upper()}_PROXY must start with http://; other kinds of proxy are not supported."
            )
    return proxies
