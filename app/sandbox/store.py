"""A small document store on SQLite, in memory or in a file that survives restarts.

Documents are JSON objects with an `id`, grouped by kind and kept in the order of insertion.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias, cast

from app.sandbox.errors import ApiError
from app.sandbox.ids import counted_id
from app.sandbox.json_types import JsonObject

Scalar: TypeAlias = str | int | None

_VERSION: Final = 1
_MAX_PAGES: Final = 65_536  # of 4 KiB: a sandbox holds at most 256 MiB
_SCHEMA: Final = (
    """CREATE TABLE documents (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        UNIQUE (kind, id)
    )""",
    """CREATE TABLE unique_values (
        kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (kind, field, value)
    ) WITHOUT ROWID""",
    "CREATE INDEX unique_values_of ON unique_values (kind, id)",
    "CREATE TABLE counters (kind TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
)


class NotUnique(Exception):
    """Another document of the same kind already holds a value that must be unique."""

    def __init__(self, kind: str, field: str, value: str) -> None:
        super().__init__(f"A {kind.replace('_', ' ')} with the {field} {value!r} already exists.")


class Store:
    """Documents by kind and id, with uniqueness, counters and transactions."""

    def __init__(self, path: str | None, seed: Callable[[Store], None]) -> None:
        """Open the store and, if it is new, fill it with `seed`.

        Args:
            path: The database file; None keeps everything in memory.
            seed: Called inside a transaction on an empty store.

        Raises:
            ValueError: The file is not a database this version can read.
        """
        self._seed = seed
        self._lock = threading.RLock()
        self._finalizer: Callable[[], object] = lambda: None
        try:
            self._connection = sqlite3.connect(
                path or ":memory:", isolation_level=None, check_same_thread=False, timeout=5
            )
            self._finalizer = weakref.finalize(self, self._connection.close)
            self._prepare()
        except (sqlite3.DatabaseError, ValueError) as error:
            self.close()
            advice = "Choose another path or delete the file."
            raise ValueError(f"The sandbox cannot use {path}: {error}. {advice}") from error

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA max_page_count = {_MAX_PAGES}")
        with self.transaction():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {_VERSION}")
                self._seed(self)
            elif version != _VERSION:
                raise ValueError(f"its layout is version {version}, this program reads version {_VERSION}")

    def close(self) -> None:
        """Close the database; a file keeps everything that was answered."""
        self._finalizer()

    def reset(self) -> None:
        """Forget everything and seed anew, so that ids start over."""
        with self.transaction():
            for table in ("documents", "unique_values", "counters"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
            self._seed(self)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Apply everything inside or, if it raises, nothing.

        Raises:
            ApiError: 507 when the sandbox is full.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._connection.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise ApiError(
                        507, "This sandbox is full. Start over with POST /_sandbox/reset."
                    ) from error
                raise

    def count_up(self, kind: str) -> int:
        """Return the next number of `kind`: 1, 2, 3 and so on."""
        row = self._connection.execute(
            "INSERT INTO counters VALUES (?, 1)"
            " ON CONFLICT (kind) DO UPDATE SET value = value + 1 RETURNING value",
            (kind,),
        ).fetchone()
        return int(row[0])

    def new_id(self, kind: str) -> str:
        """Return the id for the next new document of `kind`."""
        return counted_id(kind, self.count_up(kind))

    def insert(self, kind: str, document: JsonObject, unique: Mapping[str, str] | None = None) -> None:
        """Add a document.

        Args:
            kind: The kind it belongs to.
            document: Its content, with a string `id`.
            unique: Values that no other document of this kind may hold, by field.

        Raises:
            NotUnique: One of the values is taken.
        """
        self._connection.execute(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)",
            (kind, document["id"], json.dumps(document)),
        )
        self._claim(kind, document, unique or {})

    def replace(self, kind: str, document: JsonObject, unique: Mapping[str, str] | None = None) -> None:
        """Write a document anew in its old place; `unique` replaces its unique values, None keeps them.

        Raises:
            NotUnique: One of the values is taken.
        """
        self._connection.execute(
            "UPDATE documents SET body = ? WHERE kind = ? AND id = ?",
            (json.dumps(document), kind, document["id"]),
        )
        if unique is not None:
            self._release(kind, str(document["id"]))
            self._claim(kind, document, unique)

    def delete(self, kind: str, document_id: str) -> None:
        """Remove a document and free its unique values."""
        self._release(kind, document_id)
        self._connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, document_id))

    def resolve(self, kind: str, reference: str) -> JsonObject | None:
        """Return the document of `kind` with this id or slug, or None."""
        rows = self._select(
            "kind = ? AND (id = ? OR json_extract(body, '$.slug') = ?)", kind, reference, reference
        )
        return next(rows, None)

    def find(self, kind: str, **equal: Scalar) -> list[JsonObject]:
        """Return the documents of `kind` whose members equal all of `equal`, in the order of insertion."""
        condition = "".join(f" AND json_extract(body, '$.{name}') IS ?" for name in equal)
        return list(self._select(f"kind = ?{condition}", kind, *equal.values()))

    def workspace_of(self, reference: str) -> str | None:
        """Return the workspace of the record with this id or slug, whatever its kind, or None."""
        row = self._connection.execute(
            "SELECT json_extract(body, '$.workspace_id') AS workspace FROM documents"
            " WHERE (id = ?1 OR json_extract(body, '$.slug') = ?1) AND workspace IS NOT NULL",
            (reference,),
        ).fetchone()
        return str(row[0]) if row else None

    def kinds_in_workspace(self, workspace_id: str) -> dict[str, int]:
        """Return how many documents of each kind belong to a workspace."""
        rows = self._connection.execute(
            "SELECT kind, COUNT(*) FROM documents"
            " WHERE json_extract(body, '$.workspace_id') = ? GROUP BY kind",
            (workspace_id,),
        )
        return {str(kind): int(count) for kind, count in rows}

    def _select(self, condition: str, *values: Scalar) -> Iterator[JsonObject]:
        query = f"SELECT body FROM documents WHERE {condition} ORDER BY number"  # noqa: S608 - fixed text
        for (body,) in self._connection.execute(query, values):
            yield cast("JsonObject", json.loads(body))

    def _claim(self, kind: str, document: JsonObject, unique: Mapping[str, str]) -> None:
        for field, value in unique.items():
            try:
                self._connection.execute(
                    "INSERT INTO unique_values VALUES (?, ?, ?, ?)", (kind, field, value, document["id"])
                )
            except sqlite3.IntegrityError as error:
                raise NotUnique(kind, field, value) from error

    def _release(self, kind: str, document_id: str) -> None:
        self._connection.execute("DELETE FROM unique_values WHERE kind = ? AND id = ?", (kind, document_id))
