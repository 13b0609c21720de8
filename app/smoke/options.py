"""Where the smoke test goes, from the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWEST_HANDSHAKE_VERSION: Final = "2025-11-25"
VARIABLES: Final = (
    "MCP_TEST_BASE_URL",
    "MCP_TEST_MCP_URL",
    "MCP_TEST_AUTH_HEADER",
    "MCP_TEST_BEARER_TOKEN",
    "MCP_TEST_PROTOCOL_VERSION",
)
_STEP_TIMEOUT: Final = 10.0
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~][ -~]*)")
_TOKEN = re.compile(r"[!-~]+")
_VERSION = re.compile(r"[0-9A-Za-z.-]{1,32}")


@dataclass(frozen=True, slots=True)
class SmokeOptions:
    """Where the service is and how to knock.

    Attributes:
        base_url: Address of /health and /ready, without a slash at the end.
        mcp_url: Address of the MCP endpoint.
        auth_header: Name and value of the header that authenticates, if any; sent with every request.
        protocol_version: MCP version to offer; one with a handshake.
        step_timeout: Seconds a step may take, its answers included.
        certificate: PEM file whose first certificate is the one to expect, whatever name it is for; None
            trusts what this machine trusts.
    """

    base_url: str
    mcp_url: str
    auth_header: tuple[str, str] | None = field(default=None, repr=False)
    protocol_version: str = NEWEST_HANDSHAKE_VERSION
    step_timeout: float = _STEP_TIMEOUT
    certificate: str | None = None

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> SmokeOptions:
        """Read MCP_TEST_* and, for a service on this machine, its port, its certificate and its token.

        Raises:
            ValueError: With a sentence that names the variable to correct; it never shows a secret.
        """
        base_url = _get(env, "MCP_TEST_BASE_URL")
        certificate = None if base_url else _get(env, "MCP_TLS_CERT_PATH") or None
        if base_url:
            _check_url(base_url, "MCP_TEST_BASE_URL")
        else:
            variable = "PORT" if _get(env, "PORT") else "MCP_PORT"
            scheme = "https" if certificate else "http"
            base_url = f"{scheme}://127.0.0.1:{_get(env, variable) or 3000}"
            _check_url(base_url, variable)
        base_url = base_url.rstrip("/")
        mcp_url = _get(env, "MCP_TEST_MCP_URL") or f"{base_url}/mcp"
        _check_url(mcp_url, "MCP_TEST_MCP_URL")
        version = _get(env, "MCP_TEST_PROTOCOL_VERSION") or NEWEST_HANDSHAKE_VERSION
        if not _VERSION.fullmatch(version):
            raise ValueError(
                f"MCP_TEST_PROTOCOL_VERSION must be a version such as {NEWEST_HANDSHAKE_VERSION}."
            )
        return cls(base_url, mcp_url, _auth_header(env), version, certificate=certificate)


def _get(env: Mapping[str, str], variable: str) -> str:
    return env.get(variable, "").strip()


def _check_url(url: str, variable: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not (usable and _TOKEN.fullmatch(url)):
        wanted = (
            "an address such as https://mcp.example.com" if "URL" in variable else "a port from 1 to 65535"
        )
        raise ValueError(f"{variable} must be {wanted}.")


def _auth_header(env: Mapping[str, str]) -> tuple[str, str] | None:
    line = _get(env, "MCP_TEST_AUTH_HEADER")
    if line:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ValueError(
                "MCP_TEST_AUTH_HEADER must be a whole header line such as 'Authorization: Bearer ...'."
            )
        return match[1], match[2]
    variable, token = "MCP_TEST_BEARER_TOKEN", _get(env, "MCP_TEST_BEARER_TOKEN")
    if not token and _get(env, "MCP_AUTH_MODE").lower() == "bearer":
        variable = "MCP_AUTH_TOKEN"
        token = next((part.strip() for part in _get(env, variable).split(",") if part.strip()), "")
    if not token:
        return None
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{variable} must hold visible ASCII characters without spaces.")
    return "Authorization", f"Bearer {token}"
