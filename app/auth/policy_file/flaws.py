"""What is wrong with a policy file, where, and what to write instead."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_SHOWABLE: Final = re.compile(r"[a-z0-9_*?/\[\]!-]{1,52}")
_LONG_AND_MIXED: Final = re.compile(r"(?=.*[0-9])(?=.*[a-z]).{16,}")

# What is said of a value of the wrong kind, by pydantic's name for what is wrong.
_SAID: Final[Mapping[str, str]] = {
    "missing": "is missing.",
    "string_type": "must be text. Put quotes around it if it looks like a number, a date, yes or no.",
    "bool_type": "must be true or false.",
    "list_type": "must be a list of texts.",
    "dict_type": "must be a mapping (key: value).",
    "model_type": "must be a mapping (key: value).",
    "too_short": "must not be empty. Leave the key out if nothing is to be said.",
    "string_too_short": "must not be empty.",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to put right.

    Attributes:
        place: Where in the file, such as "rule 2 (support): grant.domains"; empty for the file as a whole.
        advice: A sentence or two that say what to do; never anything that may be a secret.
    """

    place: str
    advice: str

    def __str__(self) -> str:
        """The whole sentence."""
        return f"{self.place} {self.advice}" if self.place else self.advice


class PolicyFileError(Exception):
    """The file cannot be used; `flaws` has every reason."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__(" ".join(map(str, self.flaws)))


def shown(text: str) -> str:
    """Return the text in quotes, or words in its place when it might be a key put in the wrong place."""
    if not _SHOWABLE.fullmatch(text) or _LONG_AND_MIXED.fullmatch(text):
        return "what is written there (not shown, it may be a secret)"
    return f"'{text}'"


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a hint in brackets at the name that is most like this one, or nothing."""
    nearest = [] if "*" in name else difflib.get_close_matches(name, known, n=1)
    return f" (did you mean '{nearest[0]}'?)" if nearest else ""


def flaws_of(error: ValidationError, place: str, model: type[BaseModel]) -> Iterator[Flaw]:
    """Translate what pydantic found; `place` is where the model stands in the file."""
    for detail in error.errors(include_url=False, include_input=False):
        yield Flaw(_joined(place, detail["loc"]), _advice(detail, model))


def _joined(place: str, loc: Sequence[int | str]) -> str:
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        elif _SHOWABLE.fullmatch(part):
            path += f".{part}" if path else part
    return f"{place}: {path}" if place and path else place or path


def _advice(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        *outer, key = detail["loc"]
        known = _keys_at(model, outer)
        return f"is not known here{did_you_mean(str(key), known)}. There are {', '.join(known)}."
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "literal_error":
        return f"must be {detail['ctx']['expected']}."
    if kind == "too_long":
        return f"has more than {detail['ctx']['max_length']} entries."
    if kind == "string_too_long":
        return f"is longer than {detail['ctx']['max_length']} characters."
    return _SAID.get(kind, f"cannot be used: {detail['msg']}.")


def _keys_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    fields: Any = model.model_fields
    for part in path:
        inner = getattr(fields[part], "annotation", None)
        candidates = [one for one in (inner, *getattr(inner, "__args__", ())) if hasattr(one, "model_fields")]
        fields = candidates[0].model_fields
    return list(fields)
