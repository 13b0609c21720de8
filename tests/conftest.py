"""What every test may ask for."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests.support.own_redis import OwnRedis, redis_program
from tests.support.redis_server import NoRedisError, RedisServer, start_redis

pytest_plugins = ["tests.support.parts"]

# A busy machine is no failure: examples have no deadline of their own, the test has one.
hypothesis.settings.register_profile("project", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The service runs on asyncio alone."""
    return "asyncio"


def known_loggers() -> list[logging.Logger]:
    root = logging.getLogger()
    return [root, *(one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger))]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Keep to its test what a test does to the process's logging: starting a server configures it."""
    before = {one: (one.level, one.propagate, one.handlers[:]) for one in known_loggers()}
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    for one in known_loggers():
        level, one.propagate, one.handlers[:] = before.get(one, (logging.NOTSET, True, []))
        one.setLevel(level)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One real Redis for the whole run; most tests want `redis_url`."""
    try:
        server = start_redis(os.environ)
    except NoRedisError as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    """The URL of a real Redis whose database is empty, and is emptied again after the test."""
    redis_server.flush()
    yield redis_server.url
    redis_server.flush()


@pytest.fixture
def own_redis(tmp_path: Path, unused_port: int) -> Iterator[OwnRedis]:
    """A started Redis of this test alone, that can be killed, frozen and started again on its port."""
    server = OwnRedis(redis_program(), unused_port, tmp_path)
    server.start()
    patience = time.monotonic() + 10
    while not server.answers() and time.monotonic() < patience:
        time.sleep(0.01)
    yield server
    server.kill()


@pytest.fixture
def unused_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
