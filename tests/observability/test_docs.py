"""Metrics, routes, commands and exit codes: each is in docs/, and nothing else is."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from app import cli
from app.catalog.results import Kind
from app.doctor.run import EXIT_CODES
from app.service import Service, read_settings
from app.telemetry.audit.record import AuditOutcome
from app.telemetry.metrics.families import FAMILIES
from app.telemetry.metrics.metrics import PREFIX
from app.web import paths
from tests.observability.exposition import exposed_types
from tests.telemetry.metrics.test_metrics import READS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


async def test_each_metric_has_a_row_with_its_type() -> None:
    rows = re.findall(rf"^\| `({PREFIX}_\w+)` \| (\w+) \|", page("metrics.md"), re.MULTILINE)
    exposed = {name: kind for name, kind in (await exposed_types()).items() if name.startswith(PREFIX)}
    assert dict(rows) == exposed
    assert len(rows) == len(exposed)


async def test_each_label_is_explained() -> None:
    text = page("metrics.md")
    used = {
        label
        for row in re.findall(rf"^\| `{PREFIX}_\w+` \| \w+ \| ([^|]*) \|", text, re.MULTILINE)
        for label in re.findall(r"`(\w+)`", row)
    }
    explained = {
        label
        for cell in re.findall(
            r"^\| (`[a-z_`, ]+)(?: of [^|]*)? \|", text.split("Labels are bounded")[1], re.MULTILINE
        )
        for label in re.findall(r"`(\w+)`", cell)
    }
    assert used - {"version", "python", "backend", "method", "sink"} <= explained
    assert {f"`{family}`" for family in FAMILIES} <= set(re.findall(r"`\w+`", text))


def test_each_outcome_of_a_call_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", page("audit.md"), re.MULTILINE))
    for name in (*AuditOutcome.__args__, *Kind.__args__):  # type: ignore[attr-defined]  # of a Literal
        assert name in explained


@pytest.mark.parametrize("mode", ["none", "clerk"])
def test_each_route_has_a_row(mode: str) -> None:
    more = {"CLERK_ISSUER": "https://clerk.example.com", "CLERK_AUDIENCE": "https://x.test/mcp"}
    settings = {**READS, "MCP_AUTH_MODE": mode, **(more if mode == "clerk" else {})}
    application, _ = Service(read_settings(settings)).application()
    served = {route.path for route in application.routes} | paths.METADATA  # type: ignore[attr-defined]
    documented = re.findall(r"^\| `(/\S*)` \|", page("routes.md"), re.MULTILINE)
    assert {path.rstrip("/") or "/" for path in served} == set(documented)
    assert len(documented) == len(set(documented))


def commands() -> dict[str, str]:
    parser = cli._parser()
    action = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return {choice.dest: choice.help or "" for choice in action._choices_actions}


def test_each_command_has_a_row_that_says_what_its_help_says() -> None:
    rows = re.findall(r"^\| `portkey-admin-mcp (\S+)` \| (.*) \|$", page("cli.md"), re.MULTILINE)
    assert dict(rows) == commands()


def test_each_option_of_a_command_is_named() -> None:
    parser = cli._parser()
    action = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    for name, command in action.choices.items():
        for option, meaning in command._option_string_actions.items():
            for_people = meaning.help != argparse.SUPPRESS
            if option.startswith("--") and option != "--help" and for_people:
                assert f"`{name} {option}`" in page("cli.md")


def test_each_exit_code_has_a_row() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", page("cli.md"), re.MULTILINE)
    documented = {int(code) for code, _ in rows}
    assert documented == {cli.DONE, cli.FAILED, cli.WRONG_SETTINGS} == set(EXIT_CODES.values())
    assert {int(code) for code, whose in rows if "`doctor`" in whose} >= {1, 2}
