"""What the declaration of each argument says, read once for each model: calls ask for it every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from app.catalog.inputs import At, Clearable, Encode, Implies, InQuery, Local, Spread
from app.catalog.introspect import marked, marker


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool, or one member of an object among them.

    Attributes:
        name: Its name.
        clearable: `null` is a value.
        spread: Its members go into the top level of the body.
        local: It is never sent.
        encode: Its form on the wire, where that differs.
        implies: What else is sent with it.
        query: Its name in the query string, whatever the method; None when nothing is said.
        body: Its place in the body; None when nothing is said.
        takes_text: Text is a value of it, and not JSON of one.
    """

    name: str
    clearable: bool
    spread: bool
    local: bool
    encode: Encode | None
    implies: Implies | None
    query: str | None
    body: str | None
    takes_text: bool


@lru_cache(1024)
def arguments_of(model: type[BaseModel]) -> dict[str, Argument]:
    """Return the arguments of a model by name, in their order. Not to be changed."""
    found: dict[str, Argument] = {}
    for name, field in model.model_fields.items():
        query, at = marker(field, InQuery), marker(field, At)
        found[name] = Argument(
            name,
            clearable=marked(field, Clearable),
            spread=marked(field, Spread),
            local=marked(field, Local),
            encode=marker(field, Encode),
            implies=marker(field, Implies),
            query=query.name if query else None,
            body=at.path if at else None,
            takes_text=_takes_text(field.annotation),
        )
    return found


def _takes_text(annotation: Any) -> bool:  # noqa: ANN401 - annotations have no narrower type
    if get_origin(annotation) is None:
        return isinstance(annotation, type) and issubclass(annotation, str)
    if get_origin(annotation) in (list, dict):
        return False
    return any(isinstance(part, str) or _takes_text(part) for part in get_args(annotation))
