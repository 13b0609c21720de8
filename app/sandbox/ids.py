"""Deterministic ids and slugs: a fresh sandbox gives the same ones in the same order."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, UUID, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "https://sandbox.portkey-admin-mcp.invalid/")
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_NAME_LENGTH = 6


def seed_id(kind: str, name: str) -> str:
    """Return the id of the seeded record `name`, whatever else is seeded."""
    return str(uuid5(_NAMESPACE, f"seed/{kind}/{name}"))


def counted_id(kind: str, number: int) -> str:
    """Return the id of the `number`-th record of its kind made after the seed."""
    return str(uuid5(_NAMESPACE, f"new/{kind}/{number}"))


def make_slug(prefix: str, name: str, record_id: str) -> str:
    """Return a slug in Portkey's form, such as `pc-primar-1a2b3c` for a config named "Primary"."""
    stem = _NOT_IN_A_SLUG.sub("-", name.lower()).strip("-")[:_SLUG_NAME_LENGTH].strip("-")
    return "-".join(part for part in (prefix, stem, UUID(record_id).hex[:6]) if part)
