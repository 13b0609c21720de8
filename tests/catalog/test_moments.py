from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.moments import in_utc

SENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-03-01T02:30:00+02:30", "2026-03-01T00:00:00Z"),
        ("2026-03-01T12:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01 12:00:00.250", "2026-03-01T12:00:00.250000Z"),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        (" 2026-03-01 ", "2026-03-01T00:00:00Z"),
    ],
)
def test_iso_8601_is_sent_in_utc(given_: str, sent: str) -> None:
    assert in_utc(given_) == sent


@pytest.mark.parametrize(
    ("given_", "distance"),
    [
        ("now", timedelta()),
        ("NOW", timedelta()),
        ("-30m", timedelta(minutes=-30)),
        ("-24h", timedelta(hours=-24)),
        ("-7d", timedelta(days=-7)),
        ("-2w", timedelta(weeks=-2)),
        ("+90d", timedelta(days=90)),
        ("-45s", timedelta(seconds=-45)),
    ],
)
def test_a_relative_time_counts_from_now(given_: str, distance: timedelta) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    moment = datetime.fromisoformat(in_utc(given_))
    assert before + distance <= moment <= datetime.now(UTC) + distance


@pytest.mark.parametrize(
    "bad", ["", "yesterday", "7d", "-7", "-7y", "- 7d", "-1.5d", "2026-13-01", "1772323200"]
)
def test_anything_else_is_refused_with_what_is_accepted(bad: str) -> None:
    with pytest.raises(ValueError, match=r"must be ISO 8601 such as .*, or relative such as -7d"):
        in_utc(bad)


@pytest.mark.parametrize("far", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-05:00"])
def test_a_moment_outside_the_calendar_is_refused(far: str) -> None:
    with pytest.raises(ValueError, match="lies outside the years 1 to 9999"):
        in_utc(far)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - the strategy adds the zone
def test_every_moment_keeps_its_instant(moment: datetime) -> None:
    sent = in_utc(moment.isoformat())
    assert SENT.fullmatch(sent)
    assert datetime.fromisoformat(sent) == moment.astimezone(UTC)


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        sent = in_utc(text)
    except ValueError as error:
        told = str(error)
    else:
        told = "must be" if SENT.fullmatch(sent) else sent
    assert told.startswith(("must be", "lies"))
