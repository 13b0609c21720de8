"""Checks of request bodies: declared as data, all problems reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.sandbox.errors import invalid
from app.sandbox.json_types import JsonObject, JsonValue

Check: TypeAlias = "Callable[[JsonValue, str], Iterator[str]]"


@dataclass(frozen=True, slots=True)
class Field:
    """What one member of a body may be; `check` yields the problems of a value found at a place."""

    check: Check
    required: bool = False
    nullable: bool = False


Fields: TypeAlias = Mapping[str, Field]


def text(
    *, required: bool = False, nullable: bool = False, choices: Sequence[str] = (), pattern: str | None = None
) -> Field:
    """A string that is not blank, optionally one of `choices` or matching all of `pattern`."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at} must be a string"
        elif choices and value not in choices:
            yield f"{at} must be one of {', '.join(choices)}"
        elif not value.strip():
            yield f"{at} must not be empty"
        elif pattern and not re.fullmatch(pattern, value):
            yield f"{at} must match {pattern}"

    return Field(check, required, nullable)


def note(*, nullable: bool = True) -> Field:
    """A string that may be empty, such as a description."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at} must be a string"

    return Field(check, nullable=nullable)


def number(
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    whole: bool = False,
    required: bool = False,
    nullable: bool = False,
) -> Field:
    """A number within inclusive bounds; `whole` allows integers only."""
    kind = "an integer" if whole else "a number"

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value != int(value)):
            yield f"{at} must be {kind}"
        elif minimum is not None and value < minimum:
            yield f"{at} must be at least {minimum:g}"
        elif maximum is not None and value > maximum:
            yield f"{at} must be at most {maximum:g}"

    return Field(check, required, nullable)


def flag(*, required: bool = False) -> Field:
    """A boolean."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, bool):
            yield f"{at} must be true or false"

    return Field(check, required)


def switch() -> Field:
    """A boolean written as 0 or 1, as Portkey does for `isDefault` and `is_raw_template`."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if isinstance(value, bool) or value not in (0, 1):
            yield f"{at} must be 0 or 1"

    return Field(check)


def mapping(values: Field | None = None, *, required: bool = False, nullable: bool = False) -> Field:
    """An object with any members, each value checked by `values` if given."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at} must be an object"
        elif values is not None:
            for name, member in value.items():
                yield from values.check(member, f"{at}.{name}")

    return Field(check, required, nullable)


def record(fields: Fields, *, extra: bool = False, required: bool = False, nullable: bool = False) -> Field:
    """An object with these members; `extra` allows others too."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at} must be an object"
        else:
            yield from problems_of(value, fields, extra=extra, prefix=f"{at}.")

    return Field(check, required, nullable)


def items(item: Field, *, at_least: int = 0, required: bool = False, nullable: bool = False) -> Field:
    """An array whose items all pass `item`."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at} must be an array"
            return
        if len(value) < at_least:
            yield f"{at} must have at least {at_least} item{'s' if at_least > 1 else ''}"
        for index, member in enumerate(value):
            yield from item.check(member, f"{at}[{index}]")

    return Field(check, required, nullable)


def one_of(*fields: Field, expected: str, required: bool = False) -> Field:
    """A value that passes any of `fields`; `expected` words the problem otherwise."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        if all(any(field.check(value, at)) for field in fields):
            yield f"{at} must be {expected}"

    return Field(check, required)


def problems_of(body: JsonObject, fields: Fields, *, extra: bool = False, prefix: str = "") -> Iterator[str]:
    """Yield each problem of an object's members."""
    for name, field in fields.items():
        if name not in body:
            if field.required:
                yield f"{prefix}{name} is required"
        elif body[name] is None and field.nullable:
            continue
        else:
            yield from field.check(body[name], prefix + name)
    if not extra:
        for name in body.keys() - fields.keys():
            yield f"{prefix}{name} is not allowed"


def read_body(
    body: JsonValue, fields: Fields, *, extra: bool = False, at_least_one: bool = False
) -> JsonObject:
    """Return a request body once it is known to be good.

    Args:
        body: The parsed body; None when the request had none.
        fields: Its members.
        extra: Whether members beyond `fields` are welcome.
        at_least_one: Whether a body without any member is a mistake, as in an update.

    Raises:
        ApiError: 400 with every problem.
    """
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise invalid(["the body must be a JSON object"])
    problems = sorted(problems_of(body, fields, extra=extra))
    if at_least_one and not body:
        problems.append(f"give at least one of {', '.join(fields)}")
    if problems:
        raise invalid(problems)
    return body
