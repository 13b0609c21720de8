"""How a tool's arguments are declared: a pydantic model whose fields say where they go on the wire.

A field without a marker goes where its endpoint puts it: into the path when the template names it, else into
the query of a GET or DELETE, else into the body, under its own name. The markers below say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic import JsonValue as FreeJson

from app.catalog.introspect import marked
from app.catalog.json_value import JsonValue
from app.catalog.moments import in_utc


class Inputs(BaseModel):
    """The arguments of one tool. Unknown ones are refused; numbers given as text, and the reverse, are taken.

    Models are built on first use: a process that only lists tools never builds them.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        allow_inf_nan=False,
        coerce_numbers_to_str=True,
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_text_clears(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        if not isinstance(data, dict) or "" not in data.values():
            return data
        fields = cls.model_fields
        return {
            name: None if value == "" and name in fields and marked(fields[name], Clearable) else value
            for name, value in data.items()
        }


class Part(Inputs):
    """An object inside the arguments. Its `None` members are left out unless marked `Clearable`."""


class OpenPart(Part):
    """An object of which Portkey knows more members than we describe: unknown ones are passed on as given."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class At:
    """Goes into the body at this dotted path; a number is an index into a list (`users.0.id`)."""

    path: str


@dataclass(frozen=True, slots=True)
class InQuery:
    """Goes into the query string under this name, whatever the method."""

    name: str


@dataclass(frozen=True, slots=True)
class Spread:
    """An object whose members go into the top level of the body. They may not be those other inputs fill."""


@dataclass(frozen=True, slots=True)
class Implies:
    """Given without that other input, this one sends that other one too, with this value."""

    name: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Local:
    """Steers this service and is never sent."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Taken, checked and sent like any other, but left out of the listed schema; docs/tools.md names it.

    For other spellings of a listed argument and for what hardly anybody needs: every listed byte is the
    caller's context window. What must be given cannot be unlisted.
    """


@dataclass(frozen=True, slots=True)
class Folded:
    """Listed as an object (or a list of such) without its members: the description names them.

    For parts that few calls use, or that many tools repeat. They are checked like any other.
    """


@dataclass(frozen=True, slots=True)
class Clearable:
    """`null` is a value to send: it clears the setting. Everywhere else `null` means "not given".

    An empty string is read as `null` too, because strict clients cannot send `null` for a string.
    """


@dataclass(frozen=True, slots=True)
class Encode:
    """The wire form of the value, where it differs from the argument's."""

    to_wire: Callable[[Any], JsonValue]


def required(description: str, **constraints: Any) -> Any:  # noqa: ANN401 - stands for any field type, as pydantic's Field does
    """Declare an argument that must be given. `constraints` are pydantic's, such as `ge` or `min_length`."""
    return Field(description=description, **constraints)


def optional(description: str, **constraints: Any) -> Any:  # noqa: ANN401 - stands for any field type, as pydantic's Field does
    """Declare an argument that may be left out, and is then not sent."""
    return Field(default=None, description=description, **constraints)


Identifier = Annotated[str, StringConstraints(min_length=1)]
"""An id or slug in a path."""

Uuid = Annotated[
    str,
    Field(json_schema_extra={"format": "uuid"}),
    StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
]
Email = Annotated[
    str, Field(json_schema_extra={"format": "email"}), StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")
]


def _is_moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date and time such as 2026-03-01T00:00:00Z") from None
    return text


Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"}), AfterValidator(_is_moment)]

Time = Annotated[str, AfterValidator(in_utc)]
"""A moment as ISO 8601 (a date alone is its first moment; UTC unless it says otherwise) or relative to now,
such as `-7d`, `-24h`, `-30m`, `+1w` or `now`. Sent as ISO 8601 in UTC, such as `2026-03-01T00:00:00Z`."""

FreeObject = dict[str, FreeJson]
"""An object of the caller's own making, passed on as given."""


class Pages(Inputs):
    """Arguments of a list that is cut into pages, without the page itself: its name and origin vary."""

    page_argument: ClassVar[str]
    first_page: ClassVar[int] = 0

    page_size: int | None = optional("Items.", ge=1, le=100)


class Paged(Pages):
    """Arguments of a list that is cut into pages. Portkey counts pages from zero."""

    page_argument: ClassVar[str] = "current_page"

    current_page: int | None = optional("From 0.", ge=0)
