"""What the tools reach, from the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app import __version__
from app.portkey.client import PortkeyClient
from app.portkey.credential import Credential
from app.portkey.late import LateTransport
from app.portkey.urls import BaseUrl
from app.settings import Problem, Settings, SettingsError
from app.wiring.memory import building

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.portkey.transport import Transport

SANDBOX_BASE_URL: Final = "http://sandbox.local/v1"
USER_AGENT: Final = f"portkey-admin-mcp/{__version__}"


@dataclass(frozen=True, slots=True)
class Backend:
    """What the tools reach: Portkey over the network, or the sandbox in this process."""

    client: PortkeyClient
    credential: Credential | None
    sandbox: bool


def build_backend(
    settings: Settings, observed: Callable[[Transport], Transport] = lambda transport: transport
) -> Backend:
    """Reach Portkey when there are keys for it, the sandbox otherwise. Opens nothing yet.

    Args:
        settings: How to serve.
        observed: Returns a transport that others watch.

    Raises:
        SettingsError: The environment names a proxy that cannot be used.
    """
    key = settings.portkey_api_key
    if settings.reaches_portkey:
        _check_proxies()
        transport = LateTransport(load_network)
        return Backend(
            _client(settings, observed(transport), portkey_base_url(settings)),
            Credential(key.get_secret_value()) if key else None,
            sandbox=False,
        )
    from app.sandbox.keys import ADMIN_KEY

    base_url = BaseUrl.parse(
        SANDBOX_BASE_URL, allow_private=True, allow_http=True, public="http://sandbox.local"
    )
    return Backend(
        _client(settings, observed(_sandbox(settings)), base_url),
        Credential(ADMIN_KEY),
        sandbox=True,
    )


def load_network() -> Transport:
    """Import what reaches Portkey, which takes its time, and build it."""
    with building():
        from app.portkey.network import NetworkTransport

    return NetworkTransport()


def _sandbox(settings: Settings) -> Transport:
    def load() -> Transport:
        with building():
            from app.portkey.in_process import InProcessTransport
            from app.sandbox.application import create_sandbox

        return InProcessTransport(create_sandbox(path=settings.sandbox_path, fault=settings.sandbox_fault))

    # What is wrong with a file is told at the start.
    return LateTransport(load) if settings.sandbox_path is None else load()


def _check_proxies() -> None:
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return
    from app.portkey.proxies import environment_proxies

    try:
        environment_proxies()
    except ValueError as error:
        raise SettingsError([Problem("HTTPS_PROXY", None, str(error))]) from error


def portkey_base_url(settings: Settings) -> BaseUrl:
    """Return where Portkey is.

    Raises:
        ValueError: The URL cannot be used.
    """
    return BaseUrl.parse(
        settings.portkey_base_url,
        allow_private=settings.portkey_allow_private_base_url,
        allow_http=settings.portkey_allow_insecure_http,
    )


def _client(settings: Settings, transport: Transport, base_url: BaseUrl) -> PortkeyClient:
    return PortkeyClient(
        transport,
        base_url,
        user_agent=USER_AGENT,
        timeout=settings.portkey_timeout_ms / 1000,
        max_response_bytes=settings.portkey_max_response_bytes,
        max_attempts=settings.portkey_max_attempts,
    )
