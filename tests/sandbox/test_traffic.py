from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from time import perf_counter

from app.sandbox import traffic
from app.sandbox.traffic import milliseconds, requests_of, stream

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_there_are_some_fifty_thousand_requests_in_ninety_days() -> None:
    everything = list(stream(NOON + timedelta(hours=12)))
    assert 47_000 < len(everything) < 54_000
    assert len({one.id for one in everything}) == len({one.span_id for one in everything}) == len(everything)
    assert everything == sorted(everything, key=lambda one: one.at)


def test_all_of_it_is_made_quickly() -> None:
    traffic.requests_of.cache_clear()
    started = perf_counter()
    list(stream(NOON))
    # Half a second on an idle machine; this one may be busy.
    assert perf_counter() - started < 5


def test_a_day_is_the_same_whenever_it_is_looked_at() -> None:
    day = (milliseconds(NOON - timedelta(days=3)), milliseconds(NOON - timedelta(days=2)))
    seen = list(stream(NOON, *day))
    traffic.requests_of.cache_clear()
    assert list(stream(NOON + timedelta(days=20, hours=3), *day)) == seen != []


def test_nothing_is_known_of_the_future_or_of_ninety_days_ago() -> None:
    everything = list(stream(NOON))
    assert everything[-1].at <= milliseconds(NOON) < milliseconds(NOON + timedelta(days=1))
    assert everything[0].at >= milliseconds(datetime(2025, 12, 2, tzinfo=UTC))
    assert len(list(stream(NOON + timedelta(hours=6)))) > len(everything)


def test_each_night_an_evaluation_runs_as_one_trace_named_after_the_day() -> None:
    trace = [one for one in requests_of(date(2026, 2, 3)) if one.trace_id == "nightly-eval-2026-02-03"]
    assert len(trace) == 6
    root, *others = trace
    assert (root.root, root.parent_span_id) == (True, "")
    assert {(one.root, one.parent_span_id) for one in others} == {(False, root.span_id)}


def test_only_what_was_answered_by_a_model_costs_something() -> None:
    for one in requests_of(date(2026, 2, 3)):
        assert (one.cost > 0) == (one.is_success and not one.is_hit)
        assert (one.saved > 0) == one.is_hit
        assert one.trace_id
        assert one.metadata.keys() == {"_user", "team", "env", "feature"}
