"""The company's requests to its models: some 50,000 over 90 days, always the same on a given day.

Each day is made from its own date, once something asks for it, so that a sandbox starts without any of it and
yesterday's requests are the same ones tomorrow. Costs are whole cents: whatever adds them up agrees exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Final, NamedTuple

from app.sandbox.ids import seed_id
from app.sandbox.workloads import NIGHTLY, WORKLOADS, Target, Workload, cost_of

DAYS: Final = 90
_DAYS_REMEMBERED: Final = 2 * DAYS  # two clocks, such as those of two sandboxes in one process
_HOUR: Final = 3_600_000
_A_DAY: Final = (650, 650, 650, 650, 650, 360, 360)  # requests from Monday to Sunday, on average
_BY_HOUR: Final = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 11, 12, 12, 11, 9, 7, 5, 4, 3, 2, 1)
_SHARES: Final = tuple(workload.share for workload in WORKLOADS)
_NIGHTLY_REQUESTS: Final = 6

_OK: Final = 200
_MULTIPLE_CHOICES: Final = 300
_ERROR_RATE: Final = 0.035
_OUTAGE_ERROR_RATE: Final = 0.5
_OUTAGE_HOURS: Final = range(14, 17)
_OUTAGE_EVERY: Final = 28  # days
_ERRORS: Final = ((429, 500, 503, 408, 400), (40, 15, 25, 10, 10))
_WORTH_RETRYING: Final = (429, 500, 503, 408)
_RETRY_HELPS: Final = 0.4
_FALLBACK_HELPS: Final = 0.9
_FURTHER_STEP_OF_A_TRACE: Final = 0.2
_FEEDBACK_RATE: Final = 0.08
_FEEDBACK: Final = ((10, 5, 1, -5, -10), (30, 30, 15, 15, 10))


class Feedback(NamedTuple):
    """What a user thought of an answer: a value from -10 to 10, weighted from 0 to 1."""

    id: str
    value: int
    weight: float


class LoggedRequest(NamedTuple):
    """A request as it was logged: `at` and `latency` in milliseconds, `cost` and `saved` in cents.

    `root` is true of the first request of a trace: feedback on the trace counts for that one.
    """

    id: str
    trace_id: str
    span_id: str
    parent_span_id: str
    root: bool
    at: int
    workspace: str
    api_key_id: str
    virtual_key: str
    provider: str
    model: str
    config: str
    prompt: str
    mode: str
    metadata: Mapping[str, str]
    status: int
    req_units: int
    res_units: int
    cost: int
    saved: int
    latency: int
    cache: str
    retries: int
    fallback: bool
    feedback: tuple[Feedback, ...]

    @property
    def is_success(self) -> bool:
        """Whether the caller got an answer."""
        return _OK <= self.status < _MULTIPLE_CHOICES

    @property
    def is_hit(self) -> bool:
        """Whether the cache answered."""
        return self.cache.endswith("HIT")

    @property
    def total_units(self) -> int:
        """Tokens in and out."""
        return self.req_units + self.res_units

    @property
    def weighted_feedback(self) -> float | None:
        """The average of value times weight, or None without feedback."""
        weighted = [one.value * one.weight for one in self.feedback]
        return sum(weighted) / len(weighted) if weighted else None


def oldest(moment: datetime) -> datetime:
    """Return where the stream begins for a clock at `moment`: the start of the day 89 days before."""
    return datetime.combine(moment.astimezone(UTC).date() - timedelta(days=DAYS - 1), time(), UTC)


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def stream(moment: datetime, first: int = 0, last: int | None = None) -> Iterator[LoggedRequest]:
    """Yield the company's requests up to `moment`, oldest first.

    Args:
        moment: The clock. Nothing later is known yet.
        first: Nothing before this, in milliseconds since 1970.
        last: Nothing after this, likewise.
    """
    now = milliseconds(moment)
    last = now if last is None else min(last, now)
    begin = oldest(moment)
    for number in range(DAYS):
        day = begin + timedelta(days=number)
        start = milliseconds(day)
        if start <= last and start + 24 * _HOUR > first:
            yield from (one for one in requests_of(day.date()) if first <= one.at <= last)


@lru_cache(_DAYS_REMEMBERED)
def requests_of(day: date) -> tuple[LoggedRequest, ...]:
    """Return the requests of one day in UTC, oldest first."""
    rng = Random(f"brightwater/{day.isoformat()}")  # noqa: S311 - it is to be repeatable
    midnight = milliseconds(datetime.combine(day, time(), UTC))
    outage = day.toordinal() % _OUTAGE_EVERY == 0
    count = round(_A_DAY[day.weekday()] * (0.9 + rng.random() / 5))
    times = sorted(
        midnight + hour * _HOUR + int(rng.random() * _HOUR)
        for hour in rng.choices(range(24), _BY_HOUR, k=count)
    )
    maker = _Maker(rng)
    made = maker.nightly(f"nightly-eval-{day.isoformat()}", midnight + 2 * _HOUR)
    for workload, at in zip(rng.choices(WORKLOADS, _SHARES, k=count), times, strict=True):
        down = outage and (at - midnight) // _HOUR in _OUTAGE_HOURS and workload.target.provider == "openai"
        made.append(maker.request(workload, at, _OUTAGE_ERROR_RATE if down else _ERROR_RATE))
    return tuple(sorted(made, key=lambda one: one.at))


class _Maker:
    """Makes the requests of one day from one source of chance."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        every = (*WORKLOADS, NIGHTLY)
        self._metadata = {workload.feature: workload.metadata() for workload in every}
        self._keys = {workload.api_key: seed_id("api_key", workload.api_key) for workload in every}
        self._last: dict[str, LoggedRequest] = {}

    def nightly(self, trace_id: str, at: int) -> list[LoggedRequest]:
        """Return the requests of the nightly evaluation: one trace, whose id can be told from the date."""
        made = [
            self.request(NIGHTLY, at + number * 20_000, error_rate=0) for number in range(_NIGHTLY_REQUESTS)
        ]
        first, *others = (one._replace(trace_id=trace_id, feedback=()) for one in made)
        further = (one._replace(parent_span_id=first.span_id, root=False) for one in others)
        return [first._replace(parent_span_id="", root=True), *further]

    def request(self, workload: Workload, at: int, error_rate: float) -> LoggedRequest:
        """Return one request, perhaps as a further step of the workload's last trace."""
        rng = self._rng
        before = self._last.get(workload.feature) if rng.random() < _FURTHER_STEP_OF_A_TRACE else None
        tokens_in = int(workload.tokens_in * (0.3 + 1.4 * rng.random()))
        tokens_out = int(workload.tokens_out * (0.3 + 1.4 * rng.random()))
        target, status, retries = workload.target, _OK, 0
        if rng.random() < error_rate:
            target, status, retries = self._failure(workload)
        answered = status == _OK
        cost, saved = cost_of(target.model, tokens_in, tokens_out) if answered else 0, 0
        latency = int(300 + tokens_out * (0.8 + rng.random()) + 900 * retries)
        cache = "MISS" if workload.cache else "DISABLED"
        if workload.cache and answered and not retries and rng.random() < workload.cache:
            cache = "SEMANTIC HIT" if rng.random() < workload.semantic else "HIT"
            latency, cost, saved = int(15 + 45 * rng.random()), 0, cost
        metadata = self._metadata[workload.feature]
        one = LoggedRequest(
            id=_uuid(rng),
            trace_id=before.trace_id if before else f"{rng.getrandbits(128):032x}",
            span_id=f"{rng.getrandbits(64):016x}",
            parent_span_id=before.span_id if before else "",
            root=before is None,
            at=at,
            workspace=workload.workspace,
            api_key_id=self._keys[workload.api_key],
            virtual_key=target.virtual_key,
            provider=target.provider,
            model=target.model,
            config=workload.config,
            prompt=workload.prompt,
            mode=workload.mode,
            metadata=metadata[int(rng.random() ** 2 * len(metadata))],
            status=status,
            req_units=tokens_in,
            res_units=tokens_out if answered else 0,
            cost=cost,
            saved=saved,
            latency=latency,
            cache=cache,
            retries=retries,
            fallback=target is not workload.target,
            feedback=self._feedback() if answered and before is None else (),
        )
        self._last[workload.feature] = one
        return one

    def _failure(self, workload: Workload) -> tuple[Target, int, int]:
        """Return which target answered in the end, with which status, after how many retries."""
        (error,) = self._rng.choices(*_ERRORS)
        chance = self._rng.random()
        if error in _WORTH_RETRYING and workload.config and chance < _RETRY_HELPS:
            return workload.target, _OK, self._rng.choices((1, 2, 3), (60, 30, 10))[0]
        if error in _WORTH_RETRYING and workload.fallback and chance < _FALLBACK_HELPS:
            return workload.fallback, _OK, 0
        return workload.target, error, 0

    def _feedback(self) -> tuple[Feedback, ...]:
        if self._rng.random() > _FEEDBACK_RATE:
            return ()
        (value,) = self._rng.choices(*_FEEDBACK)
        return (Feedback(_uuid(self._rng), value, self._rng.choice((1.0, 1.0, 0.5))),)


def _uuid(rng: Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
