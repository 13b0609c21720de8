from __future__ import annotations

from typing import Annotated

from app.catalog.inputs import Inputs, Local, optional, required
from app.catalog.rules import AtLeastOneOf, ExactlyOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool


class Update(Inputs):
    slug: str = required("Slug.")
    name: str | None = optional("Name.")
    colour: str | None = optional("Colour.")
    dry_run: Annotated[bool | None, Local()] = optional("Dry run.")


TOOL = Tool(
    name="update_it",
    domain="d",
    summary="s",
    risk=Risk.WRITE,
    idempotent=True,
    inputs=Update,
    call=Endpoint("PUT", "/{slug}"),
)


def test_exactly_one_of() -> None:
    rule = ExactlyOneOf(("a", "b", "c"))
    assert rule.problem({"b", "x"}, TOOL) is None
    assert rule.problem(set(), TOOL) == "give exactly one of a, b or c"
    assert rule.problem({"c", "a"}, TOOL) == "give exactly one of a, b or c, not a and c together"


def test_at_least_one_of() -> None:
    rule = AtLeastOneOf(("a", "b"))
    assert rule.problem({"a", "b"}, TOOL) is None
    assert rule.problem({"x"}, TOOL) == "give at least one of a or b"


def test_not_together() -> None:
    rule = NotTogether("a", ("b", "c"))
    assert rule.problem({"a", "x"}, TOOL) is None
    assert rule.problem({"b", "c"}, TOOL) is None
    assert rule.problem({"a", "c"}, TOOL) == "a cannot be combined with c"


def test_something_to_change() -> None:
    rule = SomethingToChange()
    assert rule.problem({"slug", "colour"}, TOOL) is None
    assert rule.problem({"slug", "dry_run"}, TOOL) == "nothing to change: give at least one of name or colour"
