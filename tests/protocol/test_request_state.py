"""What a client carries from a question to its answer is good for one caller, one call, one time."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, InputRequiredResult
from starlette.types import Receive, Scope, Send

from app.protocol.confirmation_once import MOST_REMEMBERED, MemoryOnce
from app.protocol.confirmation_once_redis import RedisOnce
from app.protocol.request_state_check import DIFFERENT, NOT_SHARED, UNKNOWN, KeyCheck, get_along
from app.protocol.state_keys import StateKeys
from app.redis_client import connect
from app.telemetry.component import OK
from tests.protocol.asking import Replica, answered, error_of, stepwise, yes
from tests.protocol.stand_in import Backend, as_caller, serving

OLD, NEW = "old-" + "o" * 32, "new-" + "n" * 32


async def test_a_question_of_one_replica_is_answered_at_another(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as one, stepwise(Replica(backend)) as other:
        question = await one()
        assert isinstance(question, InputRequiredResult)
        assert backend.removed == []
        result = await other(**answered(question))

    assert isinstance(result, CallToolResult)
    assert result.structured_content == {"removed": "Finance"}


async def test_behind_a_load_balancer_the_official_client_notices_nothing(backend: Backend) -> None:
    one, other = Replica(backend), Replica(backend)
    turns = itertools.cycle([as_caller(one.handler), as_caller(other.handler)])
    served: list[str] = []

    async def balancer(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(dict(scope["headers"]).get(b"mcp-method", b"").decode())
        await next(turns)(scope, receive, send)

    person = yes()
    async with (
        other.handler.run(),
        serving(one.handler, balancer) as url,
        Client(streamable_http_client(url), mode="auto", elicitation_callback=person) as client,
    ):
        results = [await client.call_tool("remove_thing", {"name": name}) for name in ("a", "b", "c")]

    assert [result.structured_content for result in results] == [{"removed": name} for name in "abc"]
    assert len(person.asked) == 3
    assert served.count("tools/call") == 6


@pytest.mark.parametrize(
    ("asks", "answers"), [([OLD], [OLD, NEW]), ([OLD, NEW], [NEW, OLD]), ([NEW, OLD], [NEW])]
)
async def test_keys_are_rotated_without_losing_a_question(
    backend: Backend, asks: list[str], answers: list[str]
) -> None:
    async with (
        stepwise(Replica(backend, keys=StateKeys.of(asks))) as one,
        stepwise(Replica(backend, keys=StateKeys.of(answers))) as other,
    ):
        result = await other(**answered(await one()))

    assert isinstance(result, CallToolResult)
    assert result.structured_content == {"removed": "Finance"}


@pytest.mark.parametrize("keys", [StateKeys.of([NEW]), StateKeys.of([])])
async def test_a_replica_with_other_keys_does_nothing(backend: Backend, keys: StateKeys) -> None:
    async with (
        stepwise(Replica(backend, keys=StateKeys.of([OLD]))) as one,
        stepwise(Replica(backend, keys=keys)) as other,
    ):
        question = await one()
        with pytest.raises(MCPError, match="Nothing was done") as refusal:
            await other(**answered(question))

    assert refusal.value.error.code == -32602
    assert backend.removed == []


async def test_a_state_that_was_changed_is_refused(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as call:
        more = answered(await call())
        sealed = more["request_state"]
        changed = sealed[:-8] + ("A" if sealed[-8] != "A" else "B") + sealed[-7:]
        for state in (changed, "confirm:made-up", "v1.", sealed[:40]):
            with pytest.raises(MCPError, match="requestState"):
                await call(**{**more, "request_state": state})

    assert backend.removed == []


async def test_a_yes_is_for_the_arguments_it_was_given(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as call:
        more = answered(await call("Finance"))
        with pytest.raises(MCPError, match="does not belong to this request"):
            await call("Production", **more)

    assert backend.removed == []


async def test_a_yes_is_for_the_caller_it_was_given(backend: Backend) -> None:
    async with (
        stepwise(Replica(backend), caller="alice") as alice,
        stepwise(Replica(backend), caller="bob") as bob,
    ):
        more = answered(await alice())
        with pytest.raises(MCPError, match="does not belong to this request and caller"):
            await bob(**more)

    assert backend.removed == []


async def test_an_answer_without_a_question_is_asked_about(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as call:
        more = answered(await call())
        again = await call(input_responses=more["input_responses"])

    assert isinstance(again, InputRequiredResult)
    assert backend.removed == []


async def test_a_yes_is_good_once(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as call:
        more = answered(await call())
        await call(**more)
        error = error_of(await call(**more))

    assert backend.removed == ["Finance"]
    assert error["code"] == "answer_used"
    assert "See whether the first call did" in error["next_step"]


async def test_a_no_cannot_become_a_yes(backend: Backend) -> None:
    async with stepwise(Replica(backend)) as call:
        question = await call()
        await call(**answered(question, "decline"))
        error = error_of(await call(**answered(question, "accept")))

    assert error["code"] == "answer_used"
    assert backend.removed == []


async def test_a_yes_is_good_once_among_all_replicas(backend: Backend, redis_url: str) -> None:
    async with connect(redis_url) as redis:

        def replica() -> Replica:
            return Replica(backend, once=RedisOnce(redis, prefix="test", local=MemoryOnce()))

        async with stepwise(replica()) as one, stepwise(replica()) as other:
            more = answered(await one())
            await one(**more)
            error = error_of(await other(**more))
        remaining = await redis.pttl(next(iter(await redis.keys("test:answered:*"))))

    assert backend.removed == ["Finance"]
    assert error["code"] == "answer_used"
    assert 20_000 < remaining <= 140_000


async def test_without_redis_a_yes_still_counts(backend: Backend, unused_port: int) -> None:
    async with connect(f"redis://127.0.0.1:{unused_port}") as redis:
        once = RedisOnce(redis, prefix="test", local=MemoryOnce(), deadline=0.5)
        async with stepwise(Replica(backend, once=once)) as call:
            more = answered(await call())
            await call(**more)
            error_of(await call(**more))

    assert backend.removed == ["Finance"]


async def test_a_question_is_not_open_for_ever(backend: Backend) -> None:
    async with stepwise(Replica(backend, timeout=0.3)) as call:
        more = answered(await call())
        await asyncio.sleep(0.35)  # the time of the state is the wall clock's
        with pytest.raises(MCPError, match="its time is over"):
            await call(**more)

    assert backend.removed == []


async def test_marks_are_forgotten_when_their_time_is_over_and_never_too_many() -> None:
    now = 0.0
    once = MemoryOnce(lambda: now)
    assert await once.claim("a", 10)
    assert not await once.claim("a", 10)
    now = 11
    assert await once.claim("a", 10)
    for number in range(MOST_REMEMBERED + 5):
        await once.claim(str(number), 10)
    assert await once.claim("a", 10)
    assert not await once.claim(str(MOST_REMEMBERED + 4), 10)


# Whether the replicas have the same keys.


def check(redis: Any, *keys: str, every: float = 10.0) -> KeyCheck:
    return KeyCheck(StateKeys.of(keys), redis, prefix="test", every=every, deadline=0.5)


async def test_replicas_that_open_each_others_states_are_well(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        replicas = [check(redis, OLD), check(redis, OLD, NEW), check(redis, OLD)]
        for replica in replicas:
            await replica.look()
        for replica in replicas:
            await replica.look()
        assert [replica.state() for replica in replicas] == [OK, OK, OK]
        stored = str(await redis.zrange("{test:request-state-keys}", 0, -1))
    assert OLD not in stored
    assert NEW not in stored


async def test_replicas_with_different_keys_say_so_until_they_agree(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        one, other = check(redis, OLD, every=0.3), check(redis, NEW, every=0.3)
        await one.look()
        await other.look()
        await one.look()
        assert (one.state(), other.state()) == (DIFFERENT, DIFFERENT)

        async with one.run():
            # The other one is gone, and after a while it does not count any more.
            async with asyncio.timeout(10):
                while one.state() != OK:  # noqa: ASYNC110 - the condition is time itself
                    await asyncio.sleep(0.05)


async def test_a_key_of_this_process_is_never_shared(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        alone = check(redis)
        await alone.look()
    assert alone.state() == NOT_SHARED


async def test_a_redis_that_does_not_answer_leaves_it_open(unused_port: int) -> None:
    async with connect(f"redis://127.0.0.1:{unused_port}") as redis:
        lonely = check(redis, OLD)
        await lonely.look()
    assert lonely.state() == UNKNOWN


def test_rotation_in_the_wrong_order_is_seen() -> None:
    assert get_along(("a",), [("a", "b"), ("a",)])
    assert get_along(("a", "b"), [("b", "a")])
    assert not get_along(("a",), [("b", "a")])
    assert not get_along(("b", "a"), [("a",)])
