"""docs/configuration.md and .env.example say of each setting what the code says, and of nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.fields import FieldInfo

from app.settings import load_settings
from app.settings.accepts import SIZE
from app.settings.model import accepts_of, setting_fields, variables_of
from app.smoke.options import VARIABLES as SMOKE_VARIABLES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = {name: variables_of(field) for name, field in setting_fields()}
EXAMPLE_LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def test_each_setting_has_one_row_that_says_what_the_code_says() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    expected = [row_of(field) for _, field in setting_fields()]
    missing = [row for row in expected if rows.count(row) != 1]
    assert not missing, "put these rows into docs/configuration.md, once each:\n" + "\n".join(missing)


def test_every_variable_in_the_page_exists() -> None:
    settings = {variable for variables in SETTINGS.values() for variable in variables}
    described = settings | set(SMOKE_VARIABLES)
    named = {
        name for name in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", PAGE) if not name.endswith("_")
    }
    first_cells = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named | first_cells == described | (first_cells & {"PORT", "ENVIRONMENT"})


def test_the_example_names_each_setting_and_no_other_variable() -> None:
    named = [name for name, _ in EXAMPLE_LINE.findall(EXAMPLE)]
    assert sorted(named) == sorted(
        {variables[-1] if variables[0] == "PORT" else variables[0] for variables in SETTINGS.values()}
    )


def test_the_example_can_be_used_with_every_line_switched_on() -> None:
    values = dict(EXAMPLE_LINE.findall(EXAMPLE))
    del values["MCP_AUTH_TOKEN_FILE"], values["PORTKEY_API_KEY_FILE"]
    settings = load_settings(values)
    assert settings.auth_mode == "bearer"
    assert not [warning for warning in settings.warnings if "is not a setting" in warning]


def test_the_example_as_it_is_changes_no_default() -> None:
    active = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(active) == {"PORTKEY_API_KEY"}


def row_of(field: FieldInfo) -> str:
    """Return the row of the table that describes a setting."""
    variables = ", ".join(f"`{name}`" for name in variables_of(field))
    return f"| {variables} | {default_of(field)} | {accepts_of(field).words} | {field.description} |"


def default_of(field: FieldInfo) -> str:
    """Return a default as an operator would write it."""
    default: object = field.default
    if default in (None, ()):
        return "unset"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return "`localhost`, `127.0.0.1` and `[::1]` on any port"
    if isinstance(default, int) and accepts_of(field) is SIZE:
        return f"`{default // 2**20}mb`" if default >= 2**20 else f"`{default // 2**10}kb`"
    return f"`{default}`"
