"""Who this server says it is."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

NAME: Final = "portkey-admin-mcp"
TITLE: Final = "Portkey Admin"

_SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#0b0b0f"/>'
    '<g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round">'
    '<circle cx="12" cy="16" r="5"/><path d="M17 16h9v4M22 16v3"/></g></svg>'
)
ICON: Final[dict[str, Any]] = {
    "src": f"data:image/svg+xml,{quote(_SVG)}",
    "mimeType": "image/svg+xml",
    "sizes": ["any"],
}
"""A key. It is sent when a client connects, and not with each result."""
