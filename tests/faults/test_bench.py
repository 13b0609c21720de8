"""The short forms of `make chaos` and `make rolling`."""

from __future__ import annotations

from tests.faults.chaos import chaos_run
from tests.faults.rolling import rolling_restart
from tests.support.parts import needs


@needs("nginx", "clients behind a balancer while parts die")
async def test_the_books_balance_after_parts_have_died() -> None:
    outcome = await chaos_run("stateful", calls=300, seed=3)
    assert outcome.balance.is_sound, outcome.report()
    assert outcome.balance.acknowledged > 50, outcome.report()
    assert outcome.chaos is not None
    assert sum(outcome.chaos.done.values()) > 2, outcome.report()


@needs("nginx", "a rolling restart behind a balancer")
async def test_a_rolling_restart_fails_no_call() -> None:
    outcome, codes = await rolling_restart("stateful", rounds=1, seed=1, clients=8)
    assert outcome.balance.is_sound, outcome.report()
    assert not outcome.balance.failures, outcome.report()
    assert codes == [0, 0, 0]
    assert outcome.balance.calls > 100, outcome.report()
