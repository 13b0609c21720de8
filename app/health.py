"""Asks the service on this machine whether it runs: the health check of a container.

It imports next to nothing, because an orchestrator runs it every few seconds.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEADLINE: Final = 5.0
"""Seconds that one step of the exchange may take."""
_ON_THIS_MACHINE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with


@dataclass(frozen=True, slots=True)
class Health:
    """What /health said.

    Attributes:
        ok: The service runs.
        finding: That in a sentence.
    """

    ok: bool
    finding: str


def check_health(env: Mapping[str, str]) -> Health:
    """Ask /health of the service that these environment variables configure, on this machine.

    Host, port and certificate are those of MCP_HOST, PORT or MCP_PORT, and MCP_TLS_CERT_PATH. Over stdio
    there is nothing to ask. A service that wants a client certificate runs if it shows its own.
    """
    if _get(env, "MCP_TRANSPORT").lower() == "stdio":
        return Health(
            ok=True, finding="MCP_TRANSPORT is stdio: the process runs for as long as its client does."
        )
    host = _get(env, "MCP_HOST").removeprefix("[").removesuffix("]")
    host = _ON_THIS_MACHINE.get(host, host)
    port = _get(env, "PORT") or _get(env, "MCP_PORT") or "3000"
    certificate = _get(env, "MCP_TLS_CERT_PATH")
    name = f"[{host}]" if ":" in host else host
    url = f"{'https' if certificate else 'http'}://{name}:{port}/health"
    for_clients_with_certificates = bool(certificate and _get(env, "MCP_TLS_CA_PATH"))
    try:
        with contextlib.closing(_connection(host, int(port), certificate)) as connection:
            connection.connect()
            if for_clients_with_certificates:
                return Health(ok=True, finding=f"{url} wants a client certificate, so it runs.")
            connection.request("GET", "/health")
            status = connection.getresponse().status
    except ssl.SSLError as error:
        return Health(ok=False, finding=f"{url} does not show MCP_TLS_CERT_PATH: {error}.")
    except (OSError, http.client.HTTPException) as error:
        return Health(ok=False, finding=f"{url} does not answer: {str(error) or type(error).__name__}.")
    except ValueError as error:
        return Health(ok=False, finding=f"{url} cannot be asked: {error}.")
    return Health(ok=status == HTTPStatus.OK, finding=f"{url} answered {status}.")


def _connection(host: str, port: int, certificate: str) -> http.client.HTTPConnection:
    if not certificate:
        return http.client.HTTPConnection(host, port, timeout=DEADLINE)
    from app.smoke.pinning import CertificateFileError, trust_only

    try:
        context = trust_only(certificate)
    except CertificateFileError as error:
        raise ValueError(str(error).removesuffix(".")) from error
    return http.client.HTTPSConnection(host, port, timeout=DEADLINE, context=context)


def _get(env: Mapping[str, str], variable: str) -> str:
    return env.get(variable, "").strip()
