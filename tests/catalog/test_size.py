"""What tools/list takes of a context window is a feature of the product: it has a budget."""

from __future__ import annotations

import orjson
import pytest

from tests.catalog.desk import FORMS

RECORDED = 98_500
"""Bytes of all tools as they are. Lower it when they get smaller; think twice before you raise it."""

TOLERATED = 1.03
MOST = 100_000
MOST_OF_ONE = 3_000


def _size(form: object) -> int:
    return len(orjson.dumps(form))


def test_the_whole_list_is_within_its_budget() -> None:
    size = _size({"tools": list(FORMS.values())})
    largest = sorted(((_size(form), name) for name, form in FORMS.items()), reverse=True)[:10]
    assert size <= MOST, largest
    assert size <= RECORDED * TOLERATED, largest


def test_the_record_is_kept_up_to_date() -> None:
    assert _size({"tools": list(FORMS.values())}) >= RECORDED / TOLERATED, "smaller than recorded: say so"


@pytest.mark.parametrize("name", FORMS)
def test_no_tool_is_large(name: str) -> None:
    assert _size(FORMS[name]) <= MOST_OF_ONE
