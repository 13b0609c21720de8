from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.errors import ApiError
from app.sandbox.store import NotUnique, Store
from tests.sandbox.client import Api, TickingClock

if TYPE_CHECKING:
    from pathlib import Path


def _no_seed(_store: Store) -> None:
    pass


async def test_a_file_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    first = create_sandbox(path=path, clock=TickingClock())
    created = await Api(first).post("/v1/admin/workspaces", {"name": "Data"})
    await Api(first).delete("/v1/prompts/pp-refund-62c9e0")
    first.close()
    second = create_sandbox(path=path, clock=TickingClock())
    kept = await Api(second).get(f"/v1/admin/workspaces/{created.data['slug']}")
    gone = await Api(second).get("/v1/prompts/pp-refund-62c9e0")
    again = await Api(second).post("/v1/admin/workspaces", {"name": "More"})
    second.close()
    assert (kept.status, kept.data["name"], gone.status) == (200, "Data", 404)
    assert again.status == 200
    assert again.data["id"] != created.data["id"]


async def test_a_file_left_open_keeps_what_was_answered(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    first = create_sandbox(path=path)
    await Api(first).post("/v1/admin/workspaces", {"name": "Data"})
    second = create_sandbox(path=path)
    found = await Api(second).get("/v1/admin/workspaces?exact_name=Data")
    assert found.data["total"] == 1
    first.close()
    second.close()
    second.close()


def test_a_file_that_is_no_database_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    with pytest.raises(ValueError, match=r"cannot use .*notes\.txt.*Choose another path"):
        create_sandbox(path=str(path))


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ValueError, match="version 99"):
        create_sandbox(path=str(path))


def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unable to open"):
        create_sandbox(path=str(tmp_path / "missing" / "sandbox.db"))


def test_unique_values_belong_to_one_document_and_are_freed() -> None:
    store = Store(None, _no_seed)
    store.insert("thing", {"id": "a"}, {"slug": "x"})
    with pytest.raises(NotUnique, match="thing with the slug 'x' already exists"), store.transaction():
        store.insert("thing", {"id": "b"}, {"slug": "x"})
    assert [thing["id"] for thing in store.find("thing")] == ["a"]
    store.insert("other", {"id": "b"}, {"slug": "x"})
    store.replace("thing", {"id": "a", "slug": "y"}, {"slug": "y"})
    store.insert("thing", {"id": "c"}, {"slug": "x"})
    store.replace("thing", {"id": "c", "note": None})
    store.delete("thing", "c")
    store.insert("thing", {"id": "d"}, {"slug": "x"})
    assert [thing["id"] for thing in store.find("thing")] == ["a", "d"]
    assert store.find("thing", slug=None) == [{"id": "d"}]
    assert store.resolve("thing", "y") == {"id": "a", "slug": "y"}
    store.close()


def _insert_twice(store: Store) -> None:
    with store.transaction():
        for _ in range(2):
            store.insert("thing", {"id": store.new_id("thing")}, {"slug": "x"})


def test_a_failed_transaction_leaves_nothing() -> None:
    store = Store(None, _no_seed)
    with pytest.raises(NotUnique):
        _insert_twice(store)
    assert store.find("thing") == []
    assert store.count_up("thing") == 1
    store.close()


def test_a_full_sandbox_says_so_and_can_be_reset() -> None:
    store = Store(None, _no_seed)
    store._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(ApiError, match="full") as caught, store.transaction():
        store.insert("thing", {"id": "a", "text": "x" * 200_000})
    assert caught.value.status == 507
    store.reset()
    store.insert("thing", {"id": "b"})
    assert [thing["id"] for thing in store.find("thing")] == ["b"]
    store.close()
