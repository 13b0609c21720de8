from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.web.rate_limits.limits import Limit
from app.web.rate_limits.memory import MemoryStore

limits = st.builds(
    Limit,
    capacity=st.integers(1, 1000),
    refill=st.integers(1, 1000),
    window=st.floats(0.001, 86_400, allow_nan=False),
)


async def test_there_are_never_more_buckets_than_allowed_and_the_stalest_goes_first() -> None:
    store = MemoryStore(max_buckets=2, clock=lambda: 0.0)
    limit = Limit(capacity=1, refill=1, window=60)
    for name in ("old", "used", "old", "new"):
        await store.take(name, limit)
    assert len(store) == 2
    assert not (await store.take("old", limit)).admitted
    assert (await store.take("used", limit)).admitted


@given(limits, st.lists(st.floats(0, 10_000, allow_nan=False), max_size=60))
async def test_never_more_is_admitted_than_a_burst_and_what_came_back(
    limit: Limit, pauses: list[float]
) -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    admitted = 0
    for pause in pauses:
        now += pause
        admitted += (await store.take("a", limit)).admitted
    assert admitted <= limit.capacity + now * limit.rate + 1e-3


@given(limits, st.integers(0, 2000))
async def test_who_waits_as_long_as_told_is_admitted(limit: Limit, charged: int) -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    await store.add("a", limit, -charged)
    verdict = await store.take("a", limit)
    if not verdict.admitted:
        now += verdict.retry_after(limit)
        assert (await store.take("a", limit)).admitted
