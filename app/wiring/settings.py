"""The settings, with the checks that need the other rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.catalog import index
from app.catalog.registry import DOMAINS
from app.sandbox.faults import Fault
from app.settings import Check, Problem, Settings, SettingsError, load_settings
from app.web.allow_list import AllowList
from app.web.trusted_proxies import TrustedProxies
from app.wiring.audit import check_audit_file
from app.wiring.backend import portkey_base_url
from app.wiring.grants import load_policy_file, policy_file_check, policy_warnings
from app.wiring.telemetry import TELEMETRY_CHECK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.web.tls import Certificates


def read_settings(env: Mapping[str, str], *, stdio: bool = False) -> Settings:
    """Read the settings, with the checks that need the other rooms.

    Raises:
        SettingsError: With every problem.
    """
    if stdio:
        return load_settings(env, domains=DOMAINS, transport="stdio", checks=_CHECKS)
    checks = (*_CHECKS, *_HTTP_CHECKS, policy_file_check(index.read, env))
    settings = load_settings(env, domains=DOMAINS, transport="http", checks=checks)
    warnings = list(settings.warnings)
    certificates = load_certificates(settings)
    if certificates and certificates.expiry_warning:
        warnings.append(certificates.expiry_warning)
    policy_file = load_policy_file(settings, index.read(), env) if settings.policy_file else None
    if policy_file:
        warnings += policy_warnings(settings, policy_file)
    return settings.model_copy(update={"warnings": tuple(warnings)})


def load_certificates(settings: Settings) -> Certificates | None:
    """Load what the listener presents; None for plain HTTP.

    Raises:
        SettingsError: The files cannot be used.
    """
    if settings.tls_cert_path is None or settings.tls_key_path is None:
        return None
    from app.web.tls import Certificates, TlsFiles, TlsFilesError

    fields = {"certificate": "tls_cert_path", "key": "tls_key_path", "client_ca": "tls_ca_path"}
    try:
        return Certificates(TlsFiles(**{part: getattr(settings, field) for part, field in fields.items()}))
    except TlsFilesError as error:
        raise SettingsError(
            Problem(settings.variable(fields[flaw.part]), getattr(settings, fields[flaw.part]), flaw.advice)
            for flaw in error.flaws
        ) from error


def _check_base_url(settings: Settings) -> Iterator[Problem]:
    try:
        portkey_base_url(settings)
    except ValueError as error:
        yield Problem(settings.variable("portkey_base_url"), settings.portkey_base_url, str(error))


def _check_origins(settings: Settings) -> Iterator[Problem]:
    try:
        AllowList.parse(settings.allowed_origins)
    except ValueError as error:
        yield Problem(settings.variable("allowed_origins"), ",".join(settings.allowed_origins), str(error))


def _check_hosts(settings: Settings) -> Iterator[Problem]:
    try:
        AllowList.parse(settings.allowed_hosts)
    except ValueError as error:
        yield Problem(settings.variable("allowed_hosts"), ",".join(settings.allowed_hosts), str(error))


def _check_trust_proxy(settings: Settings) -> Iterator[Problem]:
    try:
        TrustedProxies.parse(settings.trust_proxy)
    except ValueError as error:
        yield Problem(settings.variable("trust_proxy"), settings.trust_proxy, str(error))


def _check_fault(settings: Settings) -> Iterator[Problem]:
    try:
        if settings.sandbox_fault is not None:
            Fault.parse(settings.sandbox_fault)
    except ValueError as error:
        yield Problem(settings.variable("sandbox_fault"), settings.sandbox_fault, str(error))


def _check_tls(settings: Settings) -> Iterator[Problem]:
    try:
        load_certificates(settings)
    except SettingsError as error:
        yield from error.problems


_CHECKS: Final = (
    Check(
        ("portkey_base_url", "portkey_allow_private_base_url", "portkey_allow_insecure_http"), _check_base_url
    ),
    Check(("allowed_origins",), _check_origins),
    Check(("allowed_hosts",), _check_hosts),
    Check(("trust_proxy",), _check_trust_proxy),
    Check(("sandbox_fault",), _check_fault),
    Check(("audit_file",), check_audit_file),
    TELEMETRY_CHECK,
)
_HTTP_CHECKS: Final = (Check(("tls_cert_path", "tls_key_path", "tls_ca_path"), _check_tls),)
