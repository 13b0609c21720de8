from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import pytest

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.inputs import (
    At,
    Clearable,
    Email,
    Folded,
    Identifier,
    Inputs,
    OpenPart,
    Paged,
    Part,
    Timestamp,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.schema import input_schema
from app.catalog.tool import Endpoint, Tool
from app.catalog.wire import to_json


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
            "who": {"type": "string", "format": "uuid", "description": "Who"},
            "slug": {"type": "string", "description": "Slug"},
            "page_size": {"type": "integer", "description": "At most 100"},
            "current_page": {"type": "integer", "description": "From 0"},
            "when": {"type": "string", "format": "date-time", "description": "When"},
            "mail": {"type": "string", "format": "email", "description": "Mail"},
            "kind": {"type": "string", "enum": ["only"], "description": "Kind"},
            "default": {"type": "object", "description": "A name that is a keyword of schemas too"},
            "tree": {
                "type": "object",
                "description": "A tree",
                "properties": {
                    "title": {"type": "string", "description": "Its title"},
                    "branches": {
                        "type": "array",
                        "description": "Further ones",
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
        "value": {"description": "A number or text", "anyOf": [{"type": "integer"}, {"type": "string"}]}
    }


class Seldom(Part):
    depth: int = required("How deep.")


class Short(Inputs):
    plain: Seldom | None = optional("An object.")
    folded: Annotated[Seldom | None, Folded()] = optional("An object: {depth}.")
    many: Annotated[list[Seldom] | None, Folded()] = optional("Objects: {depth} each.")
    hidden: Annotated[Seldom | None, Unlisted()] = optional("Hardly ever needed.")
    few: list[str] | None = optional("Some.", min_length=1, max_length=5)
    share: float | None = optional("Share.", gt=0, le=1)


def test_folded_parts_are_listed_without_their_members_and_unlisted_ones_not_at_all() -> None:
    assert input_schema(Short)["properties"] == {
        "plain": {
            "type": "object",
            "description": "An object",
            "properties": {"depth": {"type": "integer", "description": "How deep"}},
            "required": ["depth"],
        },
        "folded": {"type": "object", "description": "An object: {depth}"},
        "many": {"type": "array", "description": "Objects: {depth} each", "items": {"type": "object"}},
        "few": {"type": "array", "description": "Some", "items": {"type": "string"}, "maxItems": 5},
        "share": {"type": "number", "description": "Share", "maximum": 1},
    }


@pytest.mark.parametrize("name", ["plain", "folded", "hidden"])
def test_what_is_not_listed_is_checked_all_the_same(name: str) -> None:
    tool = Tool(name="get_it", domain="d", summary="s", risk="read", inputs=Short, call=Endpoint("GET", "/"))
    with pytest.raises(InvalidArgumentsError, match=rf"{name}\.depth: is required"):
        validate(tool, {name: {}})
    assert to_json(validate(tool, {name: {"depth": 3}}).model_dump()[name]) == {"depth": 3}
