"""From the arguments a client sent to a tool's inputs, with every problem told at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.catalog import projection
from app.catalog.declared import arguments_of
from app.catalog.inputs import Inputs
from app.catalog.json_value import JsonValue, unsendable
from app.catalog.masking import MASK, holds_mask
from app.catalog.tool import Tool
from app.catalog.wire import given, reserved_members
from app.portkey.urls import BadPathParameter, encode_path_parameter

MAX_UNKNOWN: Final = 20
MAX_NAME_SHOWN: Final = 64

_MASKED: Final = "holds the placeholder of a hidden secret: send the secret itself, or leave it out"


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """What is wrong with one argument (dotted path, empty for the arguments as a whole)."""

    argument: str
    problem: str


class InvalidArgumentsError(Exception):
    """The arguments do not fit the tool. Nothing was sent."""

    def __init__(self, problems: tuple[ArgumentProblem, ...]) -> None:
        super().__init__(
            "; ".join(f"{p.argument}: {p.problem}" if p.argument else p.problem for p in problems)
        )
        self.problems = problems


def validate(tool: Tool, arguments: Mapping[str, JsonValue]) -> Inputs:
    """Check `arguments` and return them as the tool's inputs.

    A `null` counts as not given (unless it clears), a list or object may come as JSON text, and a number as
    text.

    Raises:
        InvalidArgumentsError: with every problem found.
    """
    known = _known(tool, arguments)
    problems = list(_unknown(arguments, tool)) if len(known) < len(arguments) else []
    try:
        wanted_fields(tool, arguments)
    except ValueError as error:
        problems.append(ArgumentProblem(projection.FIELDS, str(error)))
    # Most are short text, of which nothing below has anything to say.
    is_plain = all(type(value) is str and value.isascii() and MASK not in value for value in known.values())
    unfit = {} if is_plain else {name: why for name, value in known.items() if (why := unsendable(value))}
    problems += [ArgumentProblem(name, reason) for name, reason in unfit.items()]
    sound = {name: value for name, value in known.items() if name not in unfit} if unfit else known
    inputs, misfits = _fit(tool, sound)
    problems += [problem for problem in misfits if problem.argument not in unfit]
    at_fault = {problem.argument for problem in problems}
    if not is_plain:
        problems += [ArgumentProblem(name, _MASKED) for name, value in sound.items() if holds_mask(value)]
    problems += _bad_path_parameters(tool, sound, at_fault)
    if not is_plain:
        problems += _spread_clashes(tool, sound)
    problems += [ArgumentProblem("", text) for rule in tool.rules if (text := rule.problem(known, tool))]
    if inputs is not None:
        # Text that was read as a number is known only now.
        problems += [
            ArgumentProblem(argument.name, why)
            for argument, value in given(inputs)
            if (why := unsendable(value))
        ]
    if problems or inputs is None:
        raise InvalidArgumentsError(tuple(problems))
    return inputs


def wanted_fields(tool: Tool, arguments: Mapping[str, JsonValue]) -> projection.Projection | None:
    """Return the members of the answer that the caller wants, or None for all of it.

    Raises:
        ValueError: `fields` is not what it takes.
    """
    if projection.FIELDS not in arguments or not projection.takes_fields(tool):
        return None
    return projection.parse(arguments[projection.FIELDS])


def _known(tool: Tool, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments that the tool has and that were given."""
    known: dict[str, JsonValue] = {}
    for name, argument in arguments_of(tool.inputs).items():
        if name not in arguments:
            continue
        value = arguments[name]
        if isinstance(value, str) and not argument.takes_text:
            value = _from_text(value)
        if value is not None or argument.clearable:
            known[name] = value
    return known


def _unknown(arguments: Iterable[str], tool: Tool) -> Iterator[ArgumentProblem]:
    names = [*arguments_of(tool.inputs), *([projection.FIELDS] if projection.takes_fields(tool) else [])]
    strangers = [name for name in arguments if name not in names]
    taken = ", ".join(names) or "none"  # told once
    for name in strangers[:MAX_UNKNOWN]:
        near = difflib.get_close_matches(name[:MAX_NAME_SHOWN], names, 1)
        if near:
            known = f" (did you mean {near[0]}?)"
        elif taken:
            known, taken = f"; it takes {taken}", ""
        else:
            known = ""
        yield ArgumentProblem(_shown(name), f"is not an argument of this tool{known}")
    if len(strangers) > MAX_UNKNOWN:
        yield ArgumentProblem("", f"{len(strangers) - MAX_UNKNOWN} more are not arguments of this tool")


def _fit(tool: Tool, known: Mapping[str, JsonValue]) -> tuple[Inputs | None, list[ArgumentProblem]]:
    try:
        return tool.inputs.model_validate(known), []
    except ValidationError as error:
        return None, [_described(item) for item in error.errors(include_url=False, include_input=False)]


def _bad_path_parameters(
    tool: Tool, known: Mapping[str, JsonValue], at_fault: Container[str]
) -> Iterator[ArgumentProblem]:
    for name in sorted(tool.in_path & known.keys()):
        if name in at_fault:
            continue
        try:
            encode_path_parameter(name, str(known[name]))
        except BadPathParameter as error:
            yield ArgumentProblem(name, error.reason)


def _spread_clashes(tool: Tool, known: Mapping[str, JsonValue]) -> Iterator[ArgumentProblem]:
    arguments = arguments_of(tool.inputs)
    for name, value in known.items():
        if isinstance(value, dict) and arguments[name].spread:
            for member in sorted(value.keys() & reserved_members(tool)):
                yield ArgumentProblem(f"{name}.{member}", "is set by the tool itself: leave it out here")


def _from_text(text: str) -> JsonValue:
    """Decode JSON text where the argument is a list or an object: some clients send those as text."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        decoded: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return decoded


def _described(error: ErrorDetails) -> ArgumentProblem:
    where = ".".join(_shown(str(part)) for part in error["loc"])
    context = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            text = "is required"
        case "extra_forbidden":
            text = "is not a member of this object"
        case "model_type" | "dict_type":
            text = "must be an object"
        case "literal_error":
            text = f"must be one of {str(context['expected']).replace(' or ', ', ')}"
        case "string_pattern_mismatch":
            text = f"does not have the form {context['pattern']}"
        case _:
            text = re.sub(r"^(Input|String|List|Dictionary) should", "must", error["msg"])
            text = text.removeprefix("Value error, ")
    return ArgumentProblem(where, text)


def _shown(name: str) -> str:
    """A name the client chose, short and printable."""
    short = name if len(name) <= MAX_NAME_SHOWN else f"{name[:MAX_NAME_SHOWN]}..."
    return short if short.isprintable() else ascii(short)
