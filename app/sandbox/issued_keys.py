"""The secrets of API keys made in the sandbox: they open it, and only digests of them are kept."""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from uuid import UUID

from app.sandbox.clock import Clock, timestamp
from app.sandbox.json_types import JsonValue, as_list
from app.sandbox.keys import SandboxKey
from app.sandbox.store import Store

_PREFIX: Final = "pk-sandbox-"
_SECRET: Final = "api_key_secret"  # noqa: S105 - a kind of record


class IssuedKeys:
    """Recognises the secrets that were handed out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def find(self, secret: str) -> SandboxKey | None:
        """Return the key with this secret, or None if there is none, or it or its secret has expired."""
        if not secret.startswith(_PREFIX):
            return None
        held = self._store.resolve(_SECRET, _digest(secret))
        record = self._store.resolve("api_key", str(held["api_key_id"])) if held else None
        if held is None or record is None:
            return None
        if self._over(held["valid_until"]) or self._over(record["expires_at"]):
            return None
        workspace = record["workspace_id"]
        return SandboxKey(
            secret,
            str(record["name"]),
            str(record["type"]),
            tuple(str(scope) for scope in as_list(record["scopes"])),
            None if workspace is None else str(workspace),
            str(record["id"]),
        )

    def _over(self, end: JsonValue) -> bool:
        return isinstance(end, str) and end <= timestamp(self._clock())


def issue(store: Store, key_id: str) -> str:
    """Make a secret for an API key and return it; it cannot be read again."""
    secret = _PREFIX + UUID(store.new_id(_SECRET)).hex
    store.insert(_SECRET, {"id": _digest(secret), "api_key_id": key_id, "valid_until": None})
    return secret


def retire(store: Store, key_id: str, until: str) -> None:
    """Let the secrets of an API key that are valid without end be valid until then."""
    for held in store.find(_SECRET, api_key_id=key_id, valid_until=None):
        store.replace(_SECRET, {**held, "valid_until": until})


def revoke(store: Store, key_id: str) -> None:
    """Forget every secret of an API key."""
    for held in store.find(_SECRET, api_key_id=key_id):
        store.delete(_SECRET, str(held["id"]))


def mask(secret: str) -> str:
    """Return what of a secret may be shown: two characters at either end, and of a short one nothing."""
    return f"{secret[:2]}*******{secret[-2:]}" if len(secret) >= 8 else "*******"  # noqa: PLR2004


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
