"""The certificate the listener presents: checked before anything listens, and replaced while it serves.

TLS 1.2 and newer, with forward secrecy and authenticated encryption only, and HTTP/1.1 as the one protocol.
With a client CA, a handshake fails unless the client presents a certificate that the CA signed.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import structlog
from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Sequence

Part = Literal["certificate", "key", "client_ca"]

EXPIRY_WARNING_DAYS: Final = 14
# TLS 1.3 has good ciphers only, and OpenSSL chooses among them; this list is for 1.2.
_CIPHERS: Final = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"
_LARGEST_FILE: Final = 1_048_576
_MISMATCHES: Final = frozenset(
    {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "NO_PRIVATE_KEY_ASSIGNED"}
)
_TOO_WEAK: Final = frozenset({"EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"})


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files.

    Attributes:
        certificate: The server's certificate, followed by its intermediates.
        key: The private key of the first certificate, without a passphrase.
        client_ca: Certificates that sign those of clients; None asks clients for none.
    """

    certificate: str
    key: str
    client_ca: str | None = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file cannot be used.

    Attributes:
        part: Which of the files.
        advice: A sentence or two that say what to do; never anything of a file's content.
    """

    part: Part
    advice: str


class TlsFilesError(Exception):
    """The files cannot be used; `flaws` has every reason."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__(" ".join(flaw.advice for flaw in self.flaws))


class _EncryptedKeyError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Identity:
    """Files that passed every check.

    Attributes:
        context: Ready to accept connections.
        expires: When the certificate ends.
        serial_number: The certificate's, in hexadecimal, as `openssl x509 -serial` prints it.
    """

    context: ssl.SSLContext
    expires: datetime
    serial_number: str

    @property
    def expiry_warning(self) -> str | None:
        """A sentence when the certificate ends within `EXPIRY_WARNING_DAYS`."""
        days = (self.expires - datetime.now(UTC)).days
        if days >= EXPIRY_WARNING_DAYS:
            return None
        left = {0: "in less than a day", 1: "in 1 day"}.get(days, f"in {days} days")
        return f"The TLS certificate expires {left}, on {self.expires:%Y-%m-%d}. Renew it, then send SIGHUP."


def load_identity(files: TlsFiles) -> Identity:
    """Read the files and check them.

    Raises:
        TlsFilesError: With everything that is wrong with them.
    """
    flaws: list[Flaw] = []
    leaf = _first_certificate(files.certificate, "certificate", flaws)
    if leaf is not None:
        flaws += _out_of_time(leaf)
    _read(files.key, "key", flaws)
    context = _new_context()
    if leaf is not None and not any(flaw.part == "key" for flaw in flaws):
        flaws += _load_pair(context, files)
    if files.client_ca is not None and _first_certificate(files.client_ca, "client_ca", flaws) is not None:
        _require_client_certificates(context, files.client_ca)
    if leaf is None or flaws:
        raise TlsFilesError(flaws)
    return Identity(context, leaf.not_valid_after_utc, f"{leaf.serial_number:X}")


class Certificates:
    """What a listener presents, now and after each `reload`.

    Attributes:
        context: For the listener, for good: each handshake on it uses what was loaded last. Connections
            that are open keep what they have.
    """

    def __init__(self, files: TlsFiles) -> None:
        """Load the files.

        Raises:
            TlsFilesError: They cannot be used.
        """
        self._files = files
        self._identity = load_identity(files)
        self.context = self._identity.context
        self.context.sni_callback = self._present
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    @property
    def expiry_warning(self) -> str | None:
        """A sentence when the certificate ends within `EXPIRY_WARNING_DAYS`."""
        return self._identity.expiry_warning

    def reload(self) -> None:
        """Take the files as they are now, or keep what is served and log why. Raises nothing."""
        try:
            self._identity = load_identity(self._files)
        except TlsFilesError as error:
            self._log.error(
                "tls_reload_failed",
                problems=[f"{getattr(self._files, flaw.part)}: {flaw.advice}" for flaw in error.flaws],
                kept_until=self._identity.expires.isoformat(),
            )
            return
        self._log.info(
            "tls_reloaded", serial=self._identity.serial_number, expires=self._identity.expires.isoformat()
        )
        if self._identity.expiry_warning:
            self._log.warning("tls_certificate_expires", problem=self._identity.expiry_warning)

    def _present(self, connection: ssl.SSLObject, _server_name: str | None, _context: ssl.SSLContext) -> None:
        """Answer a hello, with or without a server name, from the newest files."""
        connection.context = self._identity.context


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _require_client_certificates(context: ssl.SSLContext, client_ca: str) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client_ca)
    # A ticket would let a client in whose CA has been taken off the list since.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET


def _read(path: str, part: Part, flaws: list[Flaw]) -> bytes | None:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        flaws.append(Flaw(part, f"Name a file that this process can read ({reason})."))
        return None
    if len(content) > _LARGEST_FILE:
        flaws.append(Flaw(part, "Name a PEM file of 1 MiB at most."))
        return None
    return content


def _first_certificate(path: str, part: Part, flaws: list[Flaw]) -> x509.Certificate | None:
    content = _read(path, part, flaws)
    if content is None:
        return None
    try:
        return x509.load_pem_x509_certificates(content)[0]
    except ValueError:
        flaws.append(
            Flaw(part, "The file holds no certificate that can be read. Put PEM certificates into it.")
        )
        return None


def _out_of_time(leaf: x509.Certificate) -> list[Flaw]:
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc < now:
        ended = f"{leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        return [Flaw("certificate", f"The certificate expired on {ended}. Renew it.")]
    if leaf.not_valid_before_utc > now:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return [
            Flaw("certificate", f"The certificate is not valid before {begins}. Check this machine's clock.")
        ]
    return []


def _load_pair(context: ssl.SSLContext, files: TlsFiles) -> list[Flaw]:
    def refuse() -> str:
        raise _EncryptedKeyError

    try:
        context.load_cert_chain(files.certificate, files.key, password=refuse)
    except _EncryptedKeyError:
        return [
            Flaw(
                "key",
                "The key has a passphrase, which nobody could type here. Write it without one:"
                " openssl pkey -in <encrypted> -out <plain>.",
            )
        ]
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            advice = (
                "The key does not belong to the first certificate in the certificate file. The server's own"
                " certificate comes first there, its intermediates follow."
            )
            return [Flaw("key", advice)]
        if error.reason in _TOO_WEAK:
            return [Flaw("certificate", "The certificate is too weak. Use EC, or RSA with 2048 bits.")]
        return [Flaw("key", "The file holds no private key that can be read. Put a PEM key into it.")]
    return []
