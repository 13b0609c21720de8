"""One call of every tracing tool."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from app.sandbox.traffic import LoggedRequest, requests_of
from tests.catalog.calls import Call

RATING: Final[dict[str, Any]] = {"value": -7, "weight": 0.5, "metadata": {"by": "hana", "tags": ["tone"]}}


def yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


def last_nights_trace(_world: object = None) -> str:
    return f"nightly-eval-{yesterday()}"


def a_log(_world: object = None) -> LoggedRequest:
    """A request that was made yesterday through the default workspace, and rated."""
    return next(one for one in requests_of(yesterday()) if one.workspace == "ws-production" and one.feedback)


CALLS: tuple[Call, ...] = (
    Call(
        tool="create_feedback",
        minimal={"trace_id": last_nights_trace, "value": 10},
        everything={"trace_id": last_nights_trace, **RATING},
        failing={"trace_id": "any", "value": 11},
        sends=("POST", "/v1/feedback"),
    ),
    Call(
        tool="update_feedback",
        minimal={"id": lambda _world: a_log().feedback[0].id, "value": 0},
        everything={"id": lambda _world: a_log().feedback[0].id, **RATING},
        failing={"id": "none", "value": 1},
        sends=("PUT", f"/v1/feedback/{a_log().feedback[0].id}"),
    ),
    Call(
        tool="get_trace",
        minimal={"id": last_nights_trace},
        everything={
            "id": last_nights_trace,
            "workspace_slug": "ws-production",
            "time_of_generation_min": "-3d",
            "time_of_generation_max": "now",
        },
        failing={"id": "no-such-trace"},
        sends=("GET", "/v1/analytics/groups/ai-models"),
    ),
)
