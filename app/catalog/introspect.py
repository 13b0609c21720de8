"""Reading the declarations: which marker a field carries, which inputs a path names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar

from pydantic.fields import FieldInfo

M = TypeVar("M")


def marker(field: FieldInfo, kind: type[M]) -> M | None:
    """Return the field's marker of this kind, or None."""
    return next((item for item in field.metadata if isinstance(item, kind)), None)


def marked(field: FieldInfo, kind: type[object]) -> bool:
    """Whether the field carries a marker of this kind."""
    return any(isinstance(item, kind) for item in field.metadata)


@lru_cache(1024)
def path_names(template: str) -> frozenset[str]:
    """Return the names in braces of a path template."""
    return frozenset(re.findall(r"{(\w+)}", template))
