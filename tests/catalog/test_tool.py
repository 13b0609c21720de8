from __future__ import annotations

from typing import Any

import pytest

from app.catalog.tool import Endpoint, Risk, Tool


def _tool(**given: Any) -> Tool:
    base: Any = {
        "name": "get_it",
        "domain": "d",
        "summary": "s.",
        "risk": Risk.READ,
        "call": Endpoint("GET", "/"),
    }
    return Tool(**base | given)


def test_a_write_says_whether_it_is_idempotent() -> None:
    with pytest.raises(ValueError, match="get_it: say whether it is idempotent"):
        _tool(risk=Risk.WRITE)


@pytest.mark.parametrize("given", [{"name": "n" * 53}, {"summary": "s" * 150, "detail": "d" * 50}])
def test_names_and_descriptions_are_short(given: Any) -> None:
    with pytest.raises(ValueError, match="too long"):
        _tool(**given)
