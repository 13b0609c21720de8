"""Every request of the tools' calls, and every answer of the sandbox, against Portkey's API description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.catalog.calls import Call
from tests.catalog.contract_exceptions import ANSWERS, REQUESTS
from tests.catalog.every_call import every_call, settled
from tests.catalog.exchanges import prepared, session
from tests.catalog.openapi import Description
from tests.catalog.reference import reference

DESCRIPTION = Description(reference("openapi.yaml"))

LEAST_DESCRIBED = 400
"""Exchanges of all calls whose operation the description has, at least: so that the check cannot go blind."""


@dataclass(frozen=True)
class Seen:
    """What was wrong with the exchanges of one tool's calls."""

    requests: tuple[str, ...]
    answers: tuple[str, ...]
    described: int


SEEN: dict[str, Seen] = {}


@pytest.mark.parametrize("call", every_call().values(), ids=list(every_call()))
async def test_requests_and_answers_are_as_described(call: Call) -> None:
    seen = SEEN[call.tool] = await _seen(call)
    unexplained = [problem for problem in seen.requests if not _explained(REQUESTS, problem)]
    assert not unexplained, "requests that differ from the API description"
    unexplained = [problem for problem in seen.answers if not _explained(ANSWERS, problem)]
    assert not unexplained, "answers of the sandbox that differ from the API description"


def test_each_exception_is_needed() -> None:
    if len(SEEN) < len(every_call()):
        pytest.skip("not every tool was looked at in this run")
    assert sum(seen.described for seen in SEEN.values()) >= LEAST_DESCRIBED
    requests = [problem for seen in SEEN.values() for problem in seen.requests]
    answers = [problem for seen in SEEN.values() for problem in seen.answers]
    for exceptions, problems in ((REQUESTS, requests), (ANSWERS, answers)):
        idle = [
            pattern for pattern in exceptions if not any(re.match(pattern, problem) for problem in problems)
        ]
        assert not idle


async def _seen(call: Call) -> Seen:
    requests: dict[str, None] = {}
    answers: dict[str, None] = {}
    described = 0
    for arguments in (call.minimal, call.everything, *call.also, call.failing):
        async with session(call.key) as active:
            world = await prepared(active, call)
            await active.call(call.tool, settled(arguments, world))
            for exchange in active.wire.exchanges:
                path = exchange.path.removeprefix("/v1")
                operation = DESCRIPTION.operation(exchange.method, path)
                if operation is None or exchange.path.startswith("/v2"):
                    continue
                described += 1
                if exchange.status < 400 or arguments is not call.failing:
                    found = DESCRIPTION.request_problems(operation, exchange.query, exchange.body)
                    requests |= dict.fromkeys(f"{operation.name}: {problem}" for problem in found)
                if exchange.status < 300:
                    found = DESCRIPTION.answer_problems(operation, exchange.status, _json(exchange))
                    answers |= dict.fromkeys(f"{operation.name}: {problem}" for problem in found)
    return Seen(tuple(requests), tuple(answers), described)


def _json(exchange: Any) -> Any:
    return exchange.data if exchange.answered else None


def _explained(exceptions: dict[str, str], problem: str) -> bool:
    return any(re.match(pattern, problem) for pattern in exceptions)
