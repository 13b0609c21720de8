"""Trust in one certificate, for a service on this machine: it was issued for a name that is not 127.0.0.1."""

from __future__ import annotations

import ssl
from pathlib import Path

_END = "-----END CERTIFICATE-----"


class CertificateFileError(Exception):
    """The file holds no certificate; the message says so."""


def trust_only(path: str) -> ssl.SSLContext:
    """Return a context that accepts a server with the first certificate of a PEM file and no other.

    Raises:
        CertificateFileError: The file cannot be read, or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # One certificate is trusted, not whoever signed it, so its name has nothing to add.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        first, end, _ = Path(path).read_text(encoding="ascii", errors="replace").partition(_END)
        context.load_verify_locations(cadata=first + end)
    except (OSError, ValueError) as error:
        raise CertificateFileError(
            f"MCP_TLS_CERT_PATH names no certificate that can be read ({type(error).__name__})."
        ) from error
    return context
