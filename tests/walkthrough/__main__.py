"""`python -m tests.walkthrough`: prints the page; with --write, writes docs/walkthrough.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from app.telemetry.logging import configure_logging
from tests.walkthrough.page import page
from tests.walkthrough.steps import TASKS
from tests.walkthrough.walking import walk

PAGE: Final = Path(__file__).parents[2] / "docs" / "walkthrough.md"


def main() -> None:
    """Record the walkthrough."""
    parser = argparse.ArgumentParser(prog="python -m tests.walkthrough", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/walkthrough.md")
    write = parser.parse_args().write
    configure_logging(level="warning", format="console", stream=sys.stderr)
    text = page(asyncio.run(walk(TASKS)))
    if write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
