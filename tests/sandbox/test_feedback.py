from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import urlencode

import pytest

from app.sandbox.keys import READ_ONLY_KEY
from app.sandbox.traffic import requests_of
from tests.sandbox.client import Api

DAY = date(2026, 2, 3)
TRACE = "nightly-eval-2026-02-03"
PERIOD = {"time_of_generation_min": "2026-02-03", "time_of_generation_max": "2026-02-03T23:59:59Z"}


async def graph(api: Api, name: str, **query: str) -> dict[str, int]:
    answer = await api.get(f"/v1/analytics/graphs/feedbacks{name}?{urlencode({**PERIOD, **query})}")
    return dict(answer.data["summary"])


async def test_feedback_on_a_trace_counts_once_for_its_first_request(api: Api) -> None:
    before = await graph(api, "")
    assert await graph(api, "", trace_id=TRACE) == {"total": 0}
    created = await api.post("/v1/feedback", {"trace_id": TRACE, "value": -4, "weight": 0.5})
    assert (created.status, created.data["status"]) == (200, "success")
    assert created.data["message"]
    assert len(created.data["feedback_ids"]) == 1
    assert await graph(api, "", trace_id=TRACE) == {"total": 1}
    assert await graph(api, "/weighted", trace_id=TRACE) == {"avg": -2}
    assert await graph(api, "") == {"total": before["total"] + 1}


async def test_feedback_can_be_changed(api: Api) -> None:
    created = await api.post("/v1/feedback", {"trace_id": TRACE, "value": 1, "metadata": {"by": "hana"}})
    (feedback_id,) = created.data["feedback_ids"]
    changed = await api.put(f"/v1/feedback/{feedback_id}", {"value": 10})
    assert changed.data["feedback_ids"] == [feedback_id]
    assert await graph(api, "/weighted", trace_id=TRACE) == {"avg": 10}


async def test_feedback_of_the_company_can_be_changed_too(api: Api) -> None:
    rated = next(one for one in requests_of(DAY) if one.feedback and one.workspace == "ws-production")
    changed = await api.put(f"/v1/feedback/{rated.feedback[0].id}", {"value": -9, "weight": 1})
    assert changed.status == 200
    assert await graph(api, "", trace_id=rated.trace_id) == {"total": 1}
    assert await graph(api, "/weighted", trace_id=rated.trace_id) == {"avg": -9}
    again = await api.put(f"/v1/feedback/{rated.feedback[0].id}", {"value": -8})
    assert again.status == 200
    assert await graph(api, "/weighted", trace_id=rated.trace_id) == {"avg": -8}


async def test_feedback_may_come_before_the_log_it_is_about(api: Api) -> None:
    await api.post("/v1/feedback", {"trace_id": "order-17", "value": 5})
    log = {
        "request": {"url": "https://llm.example/v1", "body": {}},
        "response": {"body": {}},
        "metadata": {"traceId": "order-17"},
    }
    await api.post("/v1/logs", log)
    today = datetime(2026, 3, 1, tzinfo=UTC).date().isoformat()
    times = {"time_of_generation_min": today, "time_of_generation_max": f"{today}T23:59:59Z"}
    assert await graph(api, "", trace_id="order-17", **times) == {"total": 1}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"value": 1}, "trace_id is required"),
        ({"trace_id": "t"}, "value is required"),
        ({"trace_id": "t", "value": 11}, "value must be at most 10"),
        ({"trace_id": "t", "value": 0.5}, "value must be an integer"),
        ({"trace_id": "t", "value": 1, "weight": 2}, "weight must be at most 1"),
        ({"trace_id": "t", "value": 1, "note": "x"}, "note is not allowed"),
    ],
)
async def test_bad_feedback_is_refused(api: Api, body: dict[str, object], problem: str) -> None:
    answer = await api.post("/v1/feedback", body)
    assert (answer.status, problem in answer.message) == (400, True)


async def test_unknown_feedback_is_404_and_reading_keys_may_not_give_any(api: Api) -> None:
    assert (await api.put("/v1/feedback/none", {"value": 1})).status == 404
    denied = await api.as_key(READ_ONLY_KEY).post("/v1/feedback", {"trace_id": "t", "value": 1})
    assert denied.status == 403
