"""A real browser, driven line by line."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.installing import npm_package
from tests.support.parts import path_of

WITHIN = 60.0
SCREENSHOTS = "SCREENSHOTS_DIR"
"""The variable that names a folder for pictures of the page; without it none are taken."""


@dataclass
class Browser:
    """Chromium, by way of package/drive.mjs, which says what each command does."""

    process: Process

    async def ask(self, command: str, **values: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"command": command} | values).encode() + b"\n")
        await self.process.stdin.drain()
        answer = await asyncio.wait_for(self.process.stdout.readline(), WITHIN)
        assert answer, "the browser's driver has ended; its reason is above"
        told: dict[str, Any] = json.loads(answer)
        assert "failed" not in told, told["failed"]
        return told


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    command = await asyncio.to_thread(npm_package, "browser", Path(__file__).parent / "package", "drive.mjs")
    process = await asyncio.create_subprocess_exec(
        *command, path_of("chromium"), stdin=PIPE, stdout=PIPE, limit=2**24
    )
    assert process.stdin is not None
    yield Browser(process)
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()


@pytest.fixture
def picture() -> Any:
    """Names the file for a picture; None when nobody wants pictures."""
    folder = os.environ.get(SCREENSHOTS)

    def file(name: str) -> str | None:
        if folder is None:
            return None
        Path(folder).mkdir(parents=True, exist_ok=True)
        return str(Path(folder).resolve() / f"{name}.png")

    return file
