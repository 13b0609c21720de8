"""The question before a call that destroys: what runs, on what, and what may be lost.

The arguments come from whoever wants the call to run, often a model that read something hostile. So each
value is JSON on one line, without a character that a terminal or a reader could take for something else, and
of bounded length; what is not shown is said to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.catalog.bounds import compact
from app.catalog.recorded import recorded_arguments
from app.catalog.wire import given

if TYPE_CHECKING:
    from app.catalog.inputs import Inputs
    from app.catalog.json_value import JsonValue
    from app.catalog.tool import Tool

MOST_ARGUMENTS: Final = 20
LONGEST_VALUE: Final = 200

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "confirm": {
            "type": "boolean",
            "title": "Yes, do it",
            "description": "Tick this and accept, to let the call run. Anything else leaves all as it is.",
            "default": False,
        }
    },
    "required": ["confirm"],
}
"""The schema of the answer."""


def question(tool: Tool, inputs: Inputs, *, secret: str | None = None) -> str:
    """Return the question, in some lines of plain text.

    Args:
        tool: What is to run.
        inputs: With what. Secrets in it are hidden, as in an audit record.
        secret: A text to hide wherever it stands.
    """
    values = {argument.name: value for argument, value in given(inputs)}
    shown = recorded_arguments(values, secret=secret)
    targets = [name for name in values if name in tool.in_path]
    order = [*targets, *(name for name in values if name not in tool.in_path)]
    lines = [f"  {name}: {_line(shown.get(name, '[left out]'))}" for name in order[:MOST_ARGUMENTS]]
    if len(order) > MOST_ARGUMENTS:
        lines.append(f"  and {len(order) - MOST_ARGUMENTS} more arguments")
    arguments = "\n".join(lines) or "  (no arguments)"
    return (
        f"Let {tool.name} run? {tool.description}\n\n{arguments}\n\n"
        "What it deletes or replaces may be lost for good."
    )


def says_yes(content: dict[str, Any] | None) -> bool:
    """Tell whether an accepted form lets the call run."""
    return content is not None and content.get("confirm") is True


def _line(value: JsonValue) -> str:
    text = compact(value)
    printable = text if text.isprintable() else "".join(map(_printable, text))
    if len(printable) <= LONGEST_VALUE:
        return printable
    return f"{printable[:LONGEST_VALUE]}… (cut: there is more)"


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
