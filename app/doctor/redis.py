"""Redis: reachable, letting us in, new enough, keeping what it is given, and of our time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from app.doctor.clock import judge
from app.doctor.finding import Case, Finding
from app.redis_client import connect

if TYPE_CHECKING:
    from app.settings import Settings

DEADLINE: Final = 5.0
_OLDEST: Final = (6, 2)


async def check_redis(case: Case) -> AsyncIterator[Finding]:
    """Look at each Redis that the settings name."""
    for url, variable in _urls(case.settings).items():
        name = f"Redis ({variable})"
        try:
            async with asyncio.timeout(DEADLINE):
                async for finding in _examine(name, url, variable):
                    yield finding
        except TimeoutError:
            yield Finding(
                name,
                "problem",
                f"{_place(url)} takes the connection and does not answer within {DEADLINE:g} seconds.",
                "See whether that Redis hangs, or a firewall or TLS stands between: rediss:// is for TLS.",
            )


def _urls(settings: Settings) -> dict[str, str]:
    named = ("redis_url", "rate_limit_redis_url")
    found: dict[str, str] = {}
    for field in named:
        secret = getattr(settings, field)
        if secret is not None:
            found.setdefault(secret.get_secret_value(), settings.variable(field))
    return found


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}"


async def _examine(name: str, url: str, variable: str) -> AsyncIterator[Finding]:
    place = _place(url)
    client = connect(url)
    try:
        await client.ping()
        moment = await client.time()
        about: dict[str, Any] = await client.info()
    except AuthenticationError:
        given = urlsplit(url).password is not None
        yield Finding(
            name,
            "problem",
            f"{place} refuses the password." if given else f"{place} wants a password.",
            f"Put the right user and password into {variable}: redis://user:password@host:port."
            " Characters such as @ or / in it are percent-encoded.",
        )
        return
    except NoPermissionError:
        yield Finding(
            name,
            "warning",
            f"{place} answers, and does not let this user ask how it is (INFO, TIME).",
            "Grant the user `+info +time +ping` to have this checked.",
        )
        return
    except (RedisError, OSError) as error:
        busy = isinstance(error, ResponseError)
        yield Finding(
            name,
            "problem",
            f"{place} answers with an error: {error}." if busy else f"{place} cannot be reached.",
            f"Start that Redis, or correct {variable}; from a container, localhost is the container itself.",
        )
        return
    finally:
        await client.aclose()
    yield Finding(name, "ok", f"{place} answers and lets us in.")
    for finding in (*_version(name, about), *_keeping(name, about)):
        yield finding
    yield judge(name, place, moment[0] + moment[1] / 1e6, time.time())


def _version(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    version = str(about.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < _OLDEST:
        yield Finding(
            name,
            "warning",
            f"It is version {version}; this service is tested with {_OLDEST[0]}.{_OLDEST[1]} and later.",
            "Upgrade that Redis.",
        )


def _keeping(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    policy = str(about.get("maxmemory_policy", "noeviction"))
    if int(about.get("maxmemory", 0)) and policy != "noeviction":
        yield Finding(
            name,
            "problem",
            f"When its memory is full it drops keys (maxmemory-policy {policy}): sessions, events and limits"
            " would vanish without an error.",
            "Set maxmemory-policy noeviction, and give it memory enough, or a Redis of its own.",
        )
