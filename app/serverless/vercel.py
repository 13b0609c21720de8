"""The service as a function of Vercel: what the platform's environment means for the settings."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from app.serverless.on_demand import OnDemandApplication
from app.service import Service, read_settings
from app.telemetry.logging import configure_logging
from app.wiring.memory import building

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette

    from app.web.readiness import Readiness


def vercel_application(env: Mapping[str, str]) -> OnDemandApplication:
    """Return the application that serves the function. Reads the settings at the first request."""
    environment = settings_environment(env)
    # What goes wrong before the settings are read is told in the same form.
    configure_logging(level="info", format="json", stream=sys.stderr, secrets=())

    def build() -> tuple[Starlette, Readiness]:
        # An application that is left behind may be collected.
        gc.unfreeze()
        settings = read_settings(environment)
        redactor = configure_logging(
            level=settings.log_level,
            format=settings.log_format,
            stream=sys.stderr,
            secrets=settings.secret_values(),
        )
        with building():
            return Service(settings, env=environment, keep_secret=redactor.learn).application()

    return OnDemandApplication(build)


def settings_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the settings are read from.

    A function is reached from everywhere, so MCP_HOST is 0.0.0.0 whatever is set: without authentication it
    does not start. The address of the deployment, as Vercel names it, stands in for MCP_PUBLIC_BASE_URL; it
    is the project's own domain in production, and the deployment's in a preview.
    """
    settings = dict(env) | {"MCP_HOST": "0.0.0.0"}  # noqa: S104 - to be judged as open to all, not bound to
    # Vercel ends TLS, and says on which port its own bridge listens.
    settings.pop("PORT", None)
    in_production = env.get("VERCEL_ENV") == "production"
    host = (in_production and env.get("VERCEL_PROJECT_PRODUCTION_URL")) or env.get("VERCEL_URL")
    if host and not env.get("MCP_PUBLIC_BASE_URL", "").strip():
        settings["MCP_PUBLIC_BASE_URL"] = f"https://{host}"
    return settings
