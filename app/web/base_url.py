"""The address this service tells others to use. Never taken from a request."""

from __future__ import annotations

from typing import Literal

_WILDCARD_HOSTS = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - compared with, not bound to


def advertised_base_url(
    *, public_base_url: str | None, host: str, port: int, scheme: Literal["http", "https"] = "http"
) -> str:
    """Choose the base URL that the status page, /auth/info and logs show.

    Args:
        public_base_url: What the operator configured; wins, without its trailing slashes.
        host: The address listened on; one that means "every interface" becomes 127.0.0.1.
        port: The TCP port listened on.
        scheme: Whether this process itself speaks TLS.

    Returns:
        An absolute URL without a slash at its end.
    """
    if public_base_url:
        return public_base_url.rstrip("/")
    name = "127.0.0.1" if host in _WILDCARD_HOSTS else host
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{scheme}://{name}:{port}"
