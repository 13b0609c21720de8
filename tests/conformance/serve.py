"""The service under test: the real one, with the fixtures, on a free port. Prints the port."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from mcp.shared.exceptions import MCPDeprecationWarning

from app.service import Service, read_settings
from app.telemetry.logging import configure_logging
from app.web.server import serve
from tests.conformance.fixtures import announce, install

if TYPE_CHECKING:
    from app.auth.grants import Grant
    from app.auth.principal import Principal
    from app.protocol.admin_server import AdminServer
    from app.protocol.core import Core


class ServiceUnderTest(Service):
    """The service, with the fixtures added to its MCP server."""

    def core(self, principal: Principal, grant: Grant | None = None) -> Core:
        """Build what answers, and have it tell of the fixtures."""
        core = super().core(principal, grant)
        announce(core)
        return core

    def mcp_server(self, core: Core) -> AdminServer:
        """Build the server and put the fixtures before its own handlers."""
        server = super().mcp_server(core)
        install(server)
        return server


def main() -> int:
    """Serve until a signal ends it."""
    # The suite still tests logging and sampling, which are on their way out.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    settings = read_settings(os.environ)
    configure_logging(level="error", format="json", stream=sys.stderr)
    application, readiness = ServiceUnderTest(settings).application()
    return serve(
        application,
        host="127.0.0.1",
        port=0,
        readiness=readiness,
        on_started=lambda port: print(port, flush=True),
    )


if __name__ == "__main__":
    sys.exit(main())
