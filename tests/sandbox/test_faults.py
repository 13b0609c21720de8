from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.application import create_sandbox
from app.sandbox.faults import Fault, Faults

ACTIONS = st.one_of(
    st.tuples(st.integers(400, 599), st.none() | st.integers(0, 99_999)).map(
        lambda pair: f"status={pair[0]}" + ("" if pair[1] is None else f";retry_after={pair[1]}")
    ),
    st.sampled_from(["stall", "drop", "drop_after"]),
    st.integers(0, 60_000).map("latency={}ms".format),
)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
        "path": st.sampled_from(["/", "/prompts", "/v1/configs/x@1"]),
        "rate": st.integers(1, 100).map(lambda percent: f"{percent // 100}.{percent % 100:02}"),
        "times": st.integers(1, 999_999).map(str),
    },
)


@given(ACTIONS, LIMITS, st.randoms())
def test_every_written_fault_parses_in_any_order(action: str, limits: dict[str, str], random: object) -> None:
    clauses = [*action.split(";"), *(f"{name}={value}" for name, value in limits.items())]
    random.shuffle(clauses)  # type: ignore[attr-defined]
    fault = Fault.parse("; ".join(clauses))
    assert fault.method == limits.get("method")
    assert fault.path == limits.get("path", "")
    assert fault.rate == Fraction(limits.get("rate", "1"))
    assert fault.times == (int(limits["times"]) if "times" in limits else None)
    assert (fault.action is None) is action.startswith("latency")


@given(
    st.text(max_size=40)
    | st.from_regex(r"(status|rate|times|latency|path|method)=?[0-9a-z./]{0,6}", fullmatch=True)
)
def test_any_text_is_a_fault_or_a_sentence(text: str) -> None:
    try:
        fault = Fault.parse(text)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017 - either outcome is right
    else:
        assert fault.text == text
        assert fault.action or fault.latency >= 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is not a fault clause; the clauses are latency, status"),
        ("status=503;;", "not a fault clause"),
        ("explode", "'explode' is not a fault clause"),
        ("status=200", "The clause status must be an error status from 400 to 599."),
        ("status", "The clause status must be"),
        ("stall=1", "The clause stall must be written without a value."),
        ("drop=", "The clause drop must be written without a value."),
        ("latency=200", "a time up to 60s"),
        ("latency=61s", "a time up to 60s"),
        ("drop;rate=0", "above 0"),
        ("drop;rate=1.1", "above 0"),
        ("drop;times=0", "from 1"),
        ("drop;method=get", "GET, POST"),
        ("drop;path=prompts", "starting with /"),
        ("drop;stall", "A fault has one action, this has stall and drop."),
        ("drop;drop", "The clause drop is given twice."),
        ("rate=0.5", "A fault needs latency or one of"),
        ("drop;retry_after=2", "retry_after goes with status."),
    ],
)
def test_bad_grammar_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        Fault.parse(text)
    assert problem in str(caught.value)


def test_latency_is_read_in_both_units() -> None:
    assert Fault.parse("latency=200ms").latency == pytest.approx(0.2)
    assert Fault.parse("latency=1.5s;drop").latency == pytest.approx(1.5)


@given(st.integers(1, 100), st.integers(1, 400))
def test_rate_is_exact_and_repeatable(percent: int, requests: int) -> None:
    text = f"drop;rate={percent // 100}.{percent % 100:02}"
    first, second = Faults(text), Faults(text)
    hits = [first.pick(None, "GET", "/") is not None for _ in range(requests)]
    assert hits == [second.pick(None, "GET", "/") is not None for _ in range(requests)]
    assert sum(hits) == requests * percent // 100


def test_times_counts_only_the_requests_that_are_meant() -> None:
    faults = Faults("drop;method=POST;path=/prompts;times=2")
    requests = [("GET", "/v1/prompts"), ("POST", "/v1/configs"), *[("POST", "/v1/prompts")] * 3]
    assert [faults.pick(None, *request) is not None for request in requests] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_a_request_may_name_its_own_fault_and_each_text_counts_alone() -> None:
    faults = Faults("drop")
    assert [bool(faults.pick("status=503;times=1", "GET", "/")) for _ in range(2)] == [True, False]
    assert faults.pick("status=500;times=1", "GET", "/")
    assert faults.pick(None, "GET", "/")


def test_setting_and_resetting_the_default_counts_anew() -> None:
    faults = Faults("drop;times=1")
    assert faults.pick(None, "GET", "/")
    assert faults.pick(None, "GET", "/") is None
    faults.set_default(None)
    assert faults.pick(None, "GET", "/") is None
    faults.reset()
    assert faults.pick(None, "GET", "/")


def test_only_so_many_texts_are_remembered() -> None:
    faults = Faults(None)
    for number in range(1000):
        assert faults.pick(f"drop;times={number + 1}", "GET", "/")
    assert len(faults._counts) == 256


def test_create_sandbox_refuses_a_bad_default() -> None:
    with pytest.raises(ValueError, match="not a fault clause"):
        create_sandbox(fault="chaos")
