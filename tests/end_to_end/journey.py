"""One journey through the product, as data, and what each client reports of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from tests.end_to_end.installing import CLIENTS
from tests.end_to_end.processes import ROOT, Running, command, environment

JOURNEY_WITHIN = 60.0

Json: TypeAlias = Any
STEPS: list[dict[str, Json]] = json.loads((CLIENTS / "journey.json").read_text())


@dataclass(frozen=True)
class OverHttp:
    """A service to reach by URL."""

    url: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, service: Running) -> OverHttp:
        return cls(service.mcp_url, service.headers)


@dataclass(frozen=True)
class OverStdio:
    """A service that the client starts itself, on a sandbox of its own."""

    command: tuple[str, ...] = field(default_factory=lambda: tuple(command("stdio")))
    env: Mapping[str, str] = field(default_factory=lambda: environment({}))
    cwd: str = str(ROOT)


Target: TypeAlias = OverHttp | OverStdio


@dataclass(frozen=True)
class Answer:
    """What one tool call gave the client."""

    tool: str
    is_error: bool
    data: dict[str, Json]
    text: str


@dataclass(frozen=True)
class Report:
    """What a client saw on its journey."""

    server: str
    protocol: str | None
    tools: list[str]
    answers: list[Answer]


def filled(value: Json, kept: Mapping[str, str]) -> Json:
    """The value with each $name replaced by what an earlier answer gave."""
    if isinstance(value, dict):
        return {name: filled(item, kept) for name, item in value.items()}
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda found: kept[found[1]], value)
    return value


async def travel_with(client: list[str], target: Target, label: str) -> Report:
    """Run the journey with a client of its own process: plan on stdin, report on stdout."""
    plan = {**asdict(target), "steps": STEPS, "kept": {"label": label}}
    process = await asyncio.create_subprocess_exec(
        *client,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
    )
    try:
        async with asyncio.timeout(JOURNEY_WITHIN):
            output, errors = await process.communicate(json.dumps(plan).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"The client ended with {process.returncode}:\n{errors.decode()}"
    report = json.loads(output)
    return Report(**{**report, "answers": [Answer(**answer) for answer in report["answers"]]})
