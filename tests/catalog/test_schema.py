from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from app.catalog.inputs import (
    At,
    Clearable,
    Email,
    Identifier,
    Inputs,
    OpenPart,
    Paged,
    Timestamp,
    Uuid,
    optional,
    required,
)
from app.catalog.schema import input_schema


class Branch(OpenPart):
    """Not shown."""

    title: str | None = optional("Its title.")
    branches: list[Branch] | None = optional("Further ones.")


class Everything(Paged):
    """Not shown."""

    when: Annotated[Timestamp | None, Clearable()] = optional("When.")
    who: Annotated[Uuid, At("users.0.id")] = required("Who.")
    mail: Email | None = optional("Mail.")
    kind: Literal["only"] | None = optional("Kind.")
    default: dict[str, str] | None = optional("A name that is a keyword of schemas too.")
    tree: Branch | None = optional("A tree.")
    slug: Identifier = required("Slug.")
    count: ClassVar[int] = 0


class Nothing(Inputs):
    """Takes nothing."""


def test_required_arguments_come_first_and_nothing_superfluous_is_left() -> None:
    assert input_schema(Everything) == {
        "type": "object",
        "properties": {
            "who": {"type": "string", "format": "uuid", "description": "Who."},
            "slug": {"type": "string", "description": "Slug."},
            "page_size": {"type": "integer", "description": "Items a page.", "maximum": 100, "minimum": 1},
            "current_page": {"type": "integer", "description": "Page, from 0.", "minimum": 0},
            "when": {"type": "string", "format": "date-time", "description": "When."},
            "mail": {"type": "string", "format": "email", "description": "Mail."},
            "kind": {"type": "string", "enum": ["only"], "description": "Kind."},
            "default": {"type": "object", "description": "A name that is a keyword of schemas too."},
            "tree": {
                "type": "object",
                "description": "A tree.",
                "properties": {
                    "title": {"type": "string", "description": "Its title."},
                    "branches": {
                        "type": "array",
                        "description": "Further ones.",
                        "items": {"type": "object"},
                    },
                },
            },
        },
        "required": ["who", "slug"],
    }
    shown: Any = input_schema(Everything)["properties"]
    assert list(shown)[:2] == ["who", "slug"]


def test_a_tool_without_arguments_has_an_empty_object() -> None:
    assert input_schema(Nothing) == {"type": "object", "properties": {}}


class Either(Inputs):
    value: int | str | None = optional("A number or text.")


def test_a_real_union_is_kept() -> None:
    shown = input_schema(Either)["properties"]
    assert shown == {
        "value": {"description": "A number or text.", "anyOf": [{"type": "integer"}, {"type": "string"}]}
    }
