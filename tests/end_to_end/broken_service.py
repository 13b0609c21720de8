"""The service with one tool that breaks, run as `python -m tests.end_to_end.broken_service`."""

from __future__ import annotations

import os
import sys

from app.catalog.inputs import Inputs
from app.catalog.json_value import JsonValue
from app.catalog.tool import Risk, Run, Tool, Workflow
from app.service import Service, read_settings
from app.telemetry.logging import configure_logging
from app.web.server import serve

TOOL = "break_down"
SECRET = "POST https://10.0.0.7/internal?key=hunter2 failed"


class Nothing(Inputs):
    """No arguments."""


async def break_down(inputs: Nothing, run: Run) -> JsonValue:
    raise RuntimeError(SECRET)


def main() -> int:
    settings = read_settings(os.environ)
    configure_logging(level=settings.log_level, format=settings.log_format, stream=sys.stderr)
    broken = Tool(
        name=TOOL,
        domain="workspaces",
        summary="Break.",
        risk=Risk.READ,
        inputs=Nothing,
        call=Workflow(break_down),
    )
    application, readiness = Service(settings, tools=[broken]).application()
    return serve(application, host=settings.host, port=settings.port, readiness=readiness)


if __name__ == "__main__":
    sys.exit(main())
