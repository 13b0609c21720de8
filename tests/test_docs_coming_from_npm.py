"""docs/coming-from-npm.md: whoever comes from the npm package finds its variables, and each works here."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings.model import setting_fields, variables_of

PAGE = (Path(__file__).parents[1] / "docs" / "coming-from-npm.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \|.*\|$", PAGE, re.MULTILINE)
SETTINGS = {variable for _, field in setting_fields() for variable in variables_of(field)}


def test_each_variable_that_is_said_to_be_the_same_is_a_setting() -> None:
    assert len(ROWS) > 45
    assert {name for name, here in ROWS if here == "same"} <= SETTINGS
    assert {here for _, here in ROWS} == {"same"}


def test_what_else_the_page_names_is_a_setting_too() -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named <= SETTINGS
