"""The medians and ratios of the benchmark."""

from __future__ import annotations

from bench.delay import added
from bench.lab import Sample
from bench.load import Measured
from bench.summary import p99, ratio, rounded, rps, summary
from bench.table import Samples, rows


def sample(requests: int, *, latency: float = 1.0, cpu_seconds: float | None = 0.5) -> Sample:
    """What one second gave."""
    return Sample(Measured(requests, 1.0, p50=latency, p99=latency * 2, cpu_seconds=cpu_seconds))


def test_a_summary_has_the_median_and_the_spread() -> None:
    found = summary([sample(100), sample(400), sample(300)])
    assert (found["rps"], found["rps_lowest"], found["rps_highest"]) == (300, 100, 400)
    assert found["cpu_us"] == 0.5 * 1e6 / 300


def test_cpu_time_is_unknown_where_the_system_does_not_tell() -> None:
    assert summary([sample(100, cpu_seconds=None)])["cpu_us"] is None


def test_a_ratio_compares_within_each_round() -> None:
    # The machine was twice as fast in the second round: of the medians it would be 150 / 300.
    assert ratio([sample(50), sample(250)], [sample(200), sample(400)], rps) == (0.25 + 0.625) / 2
    assert ratio([sample(1, latency=3)], [sample(1, latency=2)], p99) == 1.5


def test_without_the_other_server_or_with_one_that_never_answered_there_is_no_ratio() -> None:
    assert ratio([sample(50)], None, rps) is None
    assert ratio([sample(50)], [sample(0)], rps) is None
    assert ratio([sample(0), sample(50)], [sample(100), sample(100)], rps) == 0.5


def test_a_round_without_answers_is_left_out() -> None:
    assert summary([sample(0), sample(100), sample(300)])["rps"] == 200
    assert summary([sample(0)])["rps"] is None


def test_a_row_is_compared_with_each_peer_at_the_same_operation_and_clients() -> None:
    samples: Samples = {
        ("tools/call", 16, "bare"): [sample(400)],
        ("tools/call", 16, "ours, 2026"): [sample(200, latency=4)],
        ("tools/call", 16, "npm, 2025 stateful"): [sample(100, latency=8)],
        ("tools/call", 16, "npm, 2025 stateless"): [sample(20)],
        ("tools/call", 1, "bare"): [sample(1000)],
    }
    ours = rows(samples)[1]
    assert (ours["of_bare"], ours["of_npm_stateful"], ours["of_npm_stateless"]) == (0.5, 2, 10)
    assert (ours["p99_of_bare"], ours["p99_of_npm_stateful"]) == (4, 0.5)


def test_added_is_what_is_left_of_a_latency_without_the_stand_ins_own() -> None:
    own, direct = (
        [sample(1, latency=53), sample(1, latency=52)],
        [sample(1, latency=50), sample(1, latency=51)],
    )
    assert added(own, direct) == {"added_p50_ms": 2, "added_p99_ms": 4}


def test_figures_are_kept_with_four_digits() -> None:
    assert rounded({"rows": [{"a": 0.123456, "b": 12345.6, "c": "text", "d": None, "e": 7}]}) == {
        "rows": [{"a": 0.1235, "b": 12346, "c": "text", "d": None, "e": 7}]
    }
