"""The short form of `make fuzz`: a few thousand inputs, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.run import Fuzzer, fuzzer
from tests.fuzz.targets import TARGETS

_INPUTS = 2600


@pytest.fixture(scope="module")
def fuzz() -> Iterator[Fuzzer]:
    with fuzzer() as running:
        yield running


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_is_answered_cleanly(target: str, fuzz: Fuzzer) -> None:
    inputs = round(_INPUTS * TARGETS[target][1])
    tally = fuzz.run(target, inputs=inputs, from_seed=1)
    assert tally.inputs >= inputs
    # Inputs that are all refused by the first guard would show nothing.
    assert len(tally.statuses) > 1 or target.startswith("Forwarded")


def test_the_shares_are_a_whole() -> None:
    assert sum(share for _, share in TARGETS.values()) == pytest.approx(1)
