"""A process that can be killed, frozen, stopped and started again, on the port it had before."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.processes import ROOT, environment

START_WITHIN = 40.0
STOP_WITHIN = 30.0


@dataclass
class Part:
    """One process of the bench.

    Attributes:
        name: What it is called in reports.
        program: Its command line.
        settings: Its environment, besides what every program wants.
        probe: A path that answers 200 once it serves, or None for a TCP port that accepts.
        port: Where it listens.
        log: Where its output goes.
    """

    name: str
    program: list[str]
    port: int
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    probe: str | None = None
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it serves."""
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.program,
                cwd=ROOT,
                env=environment(self.settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A group of its own: what it starts ends with it.
                start_new_session=True,
            )
        atexit.register(_end_group, self.process.pid)
        await self.serves()

    async def serves(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(START_WITHIN):
            while not await self._answers():
                assert self.process is not None
                assert self.process.returncode is None, (
                    f"{self.name} ended with {self.process.returncode}:\n{self.output()}"
                )
                await asyncio.sleep(0.1)  # between two looks; the condition ends the loop

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        _end_group(self.process.pid)
        await self.process.wait()

    async def freeze(self, seconds: float) -> None:
        """Let it do nothing for a while, as a machine without memory or a paused virtual machine would."""
        self.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.signal(signal.SIGCONT)

    async def stop(self) -> int:
        """Ask it to end, and say with which code it did."""
        assert self.process is not None
        self.signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_WITHIN):
            return await self.process.wait()

    async def aclose(self) -> None:
        """End it, whatever state it is in."""
        if self.process is not None and self.process.returncode is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
            except TimeoutError:
                await self.kill()
        if self.process is not None:
            _end_group(self.process.pid)

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    return self.probe is None or await _ok(reader, writer, self.probe)
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False


async def _ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bool:
    # By hand: an HTTP client costs more than the look, and there are many.
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.readline()).split()
    return len(status) > 1 and status[1] == b"200"


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
