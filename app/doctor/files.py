"""Files that the settings name. One that cannot be used is a problem of the settings already."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.doctor.finding import Case, Finding


async def check_files(case: Case) -> AsyncIterator[Finding]:
    """Say which files were tried."""
    settings = case.settings
    if settings.audit_file is not None:
        yield Finding("files", "ok", f"The audit file {settings.audit_file} can be written.")
    if settings.policy_file is not None:
        yield Finding("files", "ok", f"The policy file {settings.policy_file} can be used.")
