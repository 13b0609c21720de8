"""The question before a call that destroys: what runs, on what, and what may be lost.

The arguments come from whoever wants the call to run, often a model that read something hostile. So each
value is JSON on one line, without a character that a terminal or a reader could take for something else, and
of bounded length; what is not shown is said to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.catalog.bounds import compact
from app.catalog.masking import MASK, hide_secrets
from app.catalog.wire import given
from app.telemetry.redaction import names_a_secret

if TYPE_CHECKING:
    from app.catalog.inputs import Inputs
    from app.catalog.json_value import JsonObject, JsonValue
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


def question(tool: Tool, inputs: Inputs) -> str:
    """Return the question, in some lines of plain text. Secrets in the arguments are masked."""
    values = {name: value for name, _, value in given(inputs)}
    targets = [name for name in values if name in tool.in_path]
    order = [*targets, *(name for name in values if name not in tool.in_path)]
    shown = _without_secrets(values)
    lines = [f"  {name}: {_line(shown[name])}" for name in order[:MOST_ARGUMENTS]]
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


def _without_secrets(values: JsonObject) -> JsonObject:
    hidden = hide_secrets(values)
    plain = hidden if isinstance(hidden, dict) else {}
    return {
        name: MASK if value and (name == "key" or _is_secret(name, value)) else value
        for name, value in plain.items()
    }


def _is_secret(name: str, value: JsonValue) -> bool:
    return isinstance(value, str) and names_a_secret(name)


def _line(value: JsonValue) -> str:
    text = compact(value)
    printable = text if text.isprintable() else "".join(map(_printable, text))
    if len(printable) <= LONGEST_VALUE:
        return printable
    return f"{printable[:LONGEST_VALUE]}… ({len(printable)} characters in all)"


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
