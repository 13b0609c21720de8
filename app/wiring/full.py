"""MCP in full, from the settings. Importing this takes the MCP SDK, which takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.protocol.confirmation import Confirmation
from app.protocol.http import HttpHandler
from app.protocol.server import build_server

if TYPE_CHECKING:
    from app.protocol.admin_server import AdminServer
    from app.protocol.core import Core
    from app.protocol.stores import Stores
    from app.settings import Settings
    from app.wiring.interaction import Interaction


def full_server(core: Core, interaction: Interaction) -> AdminServer:
    """Build the SDK's server around what answers."""
    confirmation = None
    if interaction.asks:
        confirmation = Confirmation(timeout=interaction.state_ttl, once=interaction.once)
        interaction.on_release(confirmation.close)
    return build_server(
        core,
        confirmation=confirmation,
        state_keys=interaction.state_keys,
        state_ttl=interaction.state_ttl,
    )


def full_handler(server: AdminServer, settings: Settings, stores: Stores) -> HttpHandler:
    """Build what serves MCP over HTTP."""
    return HttpHandler(server, stores, max_body_bytes=settings.max_request_bytes)
