"""Makes the checks, and reports on them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import orjson

from app.doctor.asking import Asker
from app.doctor.certificate import check_certificate
from app.doctor.clock import check_clock
from app.doctor.files import check_files
from app.doctor.finding import Case, Check, Finding, Level
from app.doctor.issuer import check_issuer
from app.doctor.outside import check_outside
from app.doctor.portkey import check_portkey
from app.doctor.redis import check_redis
from app.service import read_settings
from app.settings import Problem, SettingsError
from app.settings.problems import presentable
from app.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from typing import TextIO

CHECKS: Final[tuple[Check, ...]] = (
    check_files,
    check_portkey,
    check_redis,
    check_issuer,
    check_clock,
    check_outside,
    check_certificate,
)
DEADLINE: Final = 45.0
"""Seconds for one check as a whole."""
_RIGHT: Final = Finding("settings", "ok", "The settings are right.")
_NOTHING_ELSE: Final = Finding(
    "settings", "warning", "Nothing else was looked at.", "Correct the settings, and run doctor again."
)
EXIT_CODES: Final[Mapping[Level, int]] = {"ok": 0, "warning": 1, "problem": 2}


def run_doctor(env: Mapping[str, str], *, as_json: bool = False, out: TextIO | None = None) -> int:
    """Make every check and write what was found.

    Args:
        env: The environment of the service.
        as_json: Whether to write one JSON object instead of lines for people.
        out: Where to; standard output unless given.

    Returns:
        0 when all is well, 1 when there are warnings, 2 when there are problems.
    """
    try:
        settings = read_settings(env, stdio=env.get("MCP_TRANSPORT", "").strip().lower() == "stdio")
    except SettingsError as error:
        redactor = Redactor(())
        findings = [*map(_of_problem, error.problems), _NOTHING_ELSE]
    else:
        redactor = Redactor(settings.secret_values())
        findings = [_of_warning(text) for text in settings.warnings] or [_RIGHT]
        findings += asyncio.run(_examine(Case(settings, env, Asker())))
    worst = max((finding.level for finding in findings), key=EXIT_CODES.__getitem__)
    report = _json(findings, worst) if as_json else _text(findings)
    (out or sys.stdout).write(f"{redactor.text(report)}\n")
    return EXIT_CODES[worst]


async def _examine(case: Case) -> list[Finding]:
    async def made(check: Check) -> list[Finding]:
        found: list[Finding] = []
        try:
            async with asyncio.timeout(DEADLINE):
                async for finding in check(case):
                    found.append(finding)  # noqa: PERF401 - what was found before a deadline counts
        except TimeoutError:
            name = check.__name__.removeprefix("check_")
            found.append(
                Finding(
                    name, "problem", f"This check took longer than {DEADLINE:g} seconds.", "Run it again."
                )
            )
        return found

    return [finding for found in await asyncio.gather(*map(made, CHECKS)) for finding in found]


def _of_problem(problem: Problem) -> Finding:
    given = "" if problem.given is None else f"={presentable(problem.given)}"
    return Finding("settings", "problem", f"{problem.variable}{given} cannot be used.", problem.accepted)


def _of_warning(text: str) -> Finding:
    return Finding("settings", "warning", text, "Change it, unless it is meant so.")


def _json(findings: Sequence[Finding], worst: Level) -> str:
    return orjson.dumps({"status": worst, "findings": findings}, option=orjson.OPT_INDENT_2).decode()


def _text(findings: Sequence[Finding]) -> str:
    width = max(len(level) for level in EXIT_CODES)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<{width}}  {finding.check}: {finding.message}")
        if finding.fix:
            lines.append(f"{'':<{width}}  -> {finding.fix}")
    counts = [f"{sum(each.level == level for each in findings)} {level}" for level in EXIT_CODES]
    lines += ["", ", ".join(counts)]
    return "\n".join(lines)
