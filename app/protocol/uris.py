"""The addresses of the resources, and what they depend on: the domains of a caller's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.catalog.toolbox import Selection

GUIDE_URI: Final = "portkey-admin://guide"
DOMAIN_TEMPLATE: Final = "portkey-admin://tools/{domain}"
DOMAIN_PREFIX: Final = DOMAIN_TEMPLATE.removesuffix("{domain}")


def domain_uri(domain: str) -> str:
    """Return the URI of a domain's page."""
    return f"{DOMAIN_PREFIX}{domain}"


def uris_of(selection: Selection) -> frozenset[str]:
    """Return the URI of each resource there is for whom the selection is."""
    return frozenset((GUIDE_URI, *map(domain_uri, domains_of(selection))))


def domains_of(selection: Selection) -> tuple[str, ...]:
    """Return the domains of a selection's tools, in catalogue order."""
    return tuple(dict.fromkeys(tool.domain for tool in selection.listed))
