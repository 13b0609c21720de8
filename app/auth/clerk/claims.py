"""From claims to a principal: organization, roles and permissions in each form Clerk has given them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

_ORGANIZATION = "org"
_LARGEST_MASK = 2**64


def principal_of(issuer: str, claims: Mapping[str, object]) -> Principal:
    """Describe the holder of a token.

    Reads the session claims of version 1 (`org_id`, `org_role`, `org_permissions`) and 2 (`o`, `fea`), and
    `roles` and `permissions` where a custom template adds them. What is malformed counts as absent.

    Args:
        issuer: `iss` of the token.
        claims: Its claims, with a valid `sub`.
    """
    compact = claims.get("o")
    organization = compact if isinstance(compact, dict) else {}
    subject = str(claims["sub"])
    return Principal(
        id=f"clerk:{issuer.partition('://')[2]}/{subject}",
        kind="clerk",
        issuer=issuer,
        subject=subject,
        organization=_text(claims.get("org_id")) or _text(organization.get("id")),
        roles=frozenset(
            (
                *_texts(claims.get("org_role")),
                *_prefixed(organization.get("rol")),
                *_texts(claims.get("roles")),
            )
        ),
        permissions=frozenset(
            (
                *_texts(claims.get("org_permissions")),
                *_compact_permissions(organization, claims.get("fea")),
                *_texts(claims.get("permissions")),
            )
        ),
        scopes=scopes_of(claims.get("scp") or claims.get("scope") or claims.get("scopes")),
    )


def scopes_of(value: object) -> frozenset[str]:
    """Read scopes from a list or from a string with blanks between them."""
    return frozenset(value.split()) if isinstance(value, str) else frozenset(_texts(value))


def _compact_permissions(organization: Mapping[str, object], features: object) -> tuple[str, ...]:
    """Spell out `o.per` and `o.fpm` of version 2.

    Each number of `fpm` belongs to one of the organization's features in `fea`, in the same order; its bits,
    the lowest first, to the permissions in `per`. Feature "keys" with "read" becomes "org:keys:read".
    """
    names = organization.get("per")
    if isinstance(names, list):
        return tuple(_texts(names))
    permissions, masks = _listed(names), _listed(organization.get("fpm"))
    scoped = [feature.partition(":") for feature in _listed(features)]
    of_organization = [name for scope, _, name in scoped if "o" in scope and name]
    return tuple(
        f"{_ORGANIZATION}:{feature}:{permission}"
        for feature, mask in zip(of_organization, masks, strict=False)
        for bit, permission in enumerate(permissions)
        if permission and _mask(mask) >> bit & 1
    )


def _mask(text: str) -> int:
    # int() takes signs, blanks and underscores too, and a very long number costs time.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_MASK))):
        return 0
    return int(text)


def _prefixed(role: object) -> tuple[str, ...]:
    return tuple(
        name if name.startswith(f"{_ORGANIZATION}:") else f"{_ORGANIZATION}:{name}" for name in _texts(role)
    )


def _listed(value: object) -> list[str]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else []


def _text(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for item in values if (text := _text(item))]
