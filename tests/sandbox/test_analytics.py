from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.keys import NO_SCOPES_KEY, READ_ONLY_KEY, WORKSPACE_KEY
from tests.sandbox.client import Api, TickingClock

PERIOD = {
    "time_of_generation_min": "2026-01-20T00:00:00+05:30",
    "time_of_generation_max": "2026-02-20T12:00:00Z",
}
WORKSPACES = ("ws-production", "ws-staging", "ws-customer-support")
GRAPHS = {
    "requests": ({"total"}, {"timestamp", "total"}),
    "cost": ({"total", "avg"}, {"timestamp", "total", "avg"}),
    "latency": ({"avg", "p50", "p90", "p99"}, {"timestamp", "avg", "p50", "p90", "p99"}),
    "tokens": ({"total", "avg"}, {"timestamp", "total", "avg"}),
    "users": ({"total"}, {"timestamp", "total"}),
    "users/requests": ({"total", "unique", "avg"}, {"timestamp", "avg"}),
    "errors": ({"total"}, {"timestamp", "total"}),
    "errors/rate": ({"rate"}, {"timestamp", "rate"}),
    "errors/stacks": ({"total"}, {"timestamp", "stats"}),
    "errors/status-codes": ({"total_errors", "unique_error_codes"}, {"status_code", "count"}),
    "requests/rescued": ({"retry", "fallback"}, {"timestamp", "retry", "fallback"}),
    "cache/hit-rate": (
        {"total", "rate"},
        {
            *("timestamp", "simple_hits", "semantic_hits", "rate"),
            *("cumulative_simple_cache_savings", "cumulative_semantic_cache_savings"),
        },
    ),
    "cache/latency": ({"avg"}, {"timestamp", "avg"}),
    "feedbacks": ({"total"}, {"timestamp", "total"}),
    "feedbacks/scores": ({"total"}, {"score", "total"}),
    "feedbacks/weighted": ({"avg"}, {"timestamp", "avg"}),
    "feedbacks/ai-models": ({"total"}, {"ai_model", "total", "avg_weighted_feedback"}),
}


async def ask(api: Api, name: str, **query: Any) -> Any:
    answer = await api.get(f"/v1/analytics/{name}?{urlencode({**PERIOD, **query})}")
    assert answer.status == 200, answer.data
    return answer.data


@pytest.mark.parametrize("name", GRAPHS)
async def test_a_graph_has_portkeys_shape_and_whole_numbers(api: Api, name: str) -> None:
    graph = await ask(api, f"graphs/{name}", workspace_slug="ws-production")
    summary, point = GRAPHS[name]
    assert (set(graph), graph["object"]) == ({"summary", "data_points", "object"}, "analytics-graph")
    assert set(graph["summary"]) == summary
    assert all(set(one) == point for one in graph["data_points"])
    figures = [*graph["summary"].values(), *(v for one in graph["data_points"] for v in one.values())]
    assert {type(figure) for figure in figures} <= {int, str, list}
    assert any(isinstance(figure, int) and figure > 0 for figure in graph["summary"].values())


@pytest.mark.parametrize("workspace", WORKSPACES)
async def test_cost_over_time_sums_to_the_cost_by_model_user_provider_and_metadata(
    api: Api, workspace: str
) -> None:
    graph = await ask(api, "graphs/cost", workspace_slug=workspace)
    total = graph["summary"]["total"]
    assert total == sum(point["total"] for point in graph["data_points"]) > 0
    for group in ("users", "ai-models", "provider", "metadata/team", "metadata/env", "metadata/_user"):
        listed = await ask(api, f"groups/{group}", workspace_slug=workspace)
        assert sum(int(one["cost"]) for one in listed["data"]) == total, group
        assert listed["total"] == len(listed["data"])


async def test_all_figures_of_a_period_agree(api: Api) -> None:
    count = (await ask(api, "graphs/requests"))["summary"]["total"]
    by_model = (await ask(api, "groups/ai-models"))["data"]
    assert sum(int(one["requests"]) for one in by_model) == count
    users = (await ask(api, "graphs/users/requests"))["summary"]
    assert (users["total"], users["unique"]) == (count, (await ask(api, "groups/users"))["total"])
    codes = await ask(api, "graphs/errors/status-codes")
    errors = (await ask(api, "graphs/errors"))["summary"]["total"]
    assert errors == codes["summary"]["total_errors"] == sum(one["count"] for one in codes["data_points"])
    stacks = (await ask(api, "graphs/errors/stacks"))["data_points"]
    assert sum(stat["count"] for point in stacks for stat in point["stats"]) == errors
    assert (await ask(api, "graphs/errors/rate"))["summary"]["rate"] == round(100 * errors / count)
    hits = await ask(api, "graphs/cache/hit-rate", workspace_slug="ws-customer-support")
    cache = (await ask(api, "summary/cache", workspace_slug="ws-customer-support"))["summary"]
    simple, semantic = (
        sum(point[name] for point in hits["data_points"]) for name in ("simple_hits", "semantic_hits")
    )
    assert simple > 0 < semantic
    assert simple + semantic == hits["summary"]["total"] == cache["hits"]
    rescued = await ask(api, "graphs/requests/rescued")
    retried = [stat["count"] for point in rescued["data_points"] for stat in point["retry"]]
    assert sum(retried) == rescued["summary"]["retry"] > 0
    assert sum(point["fallback"] for point in rescued["data_points"]) == rescued["summary"]["fallback"] > 0
    scores = await ask(api, "graphs/feedbacks/scores")
    models = (await ask(api, "graphs/feedbacks/ai-models"))["data_points"]
    feedback = (await ask(api, "graphs/feedbacks"))["summary"]["total"]
    assert (
        feedback == sum(one["total"] for one in scores["data_points"]) == sum(one["total"] for one in models)
    )


@pytest.mark.parametrize(
    ("name", "value", "group", "expected"),
    [
        ("ai_org_model", "anthropic__claude-3-5-sonnet, openai__gpt-4o-mini", "ai-models", None),
        ("virtual_keys", "anthropic-prod-9b02c6", "provider", ["anthropic"]),
        ("configs", "pc-checko-2b7f10", "metadata/feature", ["cart-assistant"]),
        ("prompt_slug", "pp-upsell-d47b18,pp-none", "metadata/feature", ["upsell"]),
        ("metadata", json.dumps({"team": "risk", "_user": "jonas"}), "users", ["jonas"]),
        ("status_code", "429,503", "metadata/team", ["checkout", "risk"]),
        ("cost_min", "10", "metadata/feature", None),
        ("total_units_max", "7000", "metadata/feature", None),
    ],
)
async def test_every_filter_narrows_to_what_it_names(
    api: Api, name: str, value: str, group: str, expected: list[str] | None
) -> None:
    everything = await ask(api, f"groups/{group}")
    narrowed = await ask(api, f"groups/{group}", **{name: value})
    keys = ("ai_model", "provider", "metadata_value", "user")
    found = sorted(next(one[key] for key in keys if key in one) for one in narrowed["data"])
    assert found
    assert expected is None or found == expected
    assert sum(int(one["requests"]) for one in narrowed["data"]) < sum(
        int(one["requests"]) for one in everything["data"]
    )


async def test_ranges_split_what_there_is(api: Api) -> None:
    for name, middle in (
        ("cost", 3),
        ("total_units", 9000),
        ("prompt_token", 8000),
        ("completion_token", 700),
    ):
        low = await ask(api, "graphs/requests", **{f"{name}_max": middle})
        high = await ask(api, "graphs/requests", **{f"{name}_min": middle + 1})
        whole = await ask(api, "graphs/requests")
        parts = (low["summary"]["total"], high["summary"]["total"])
        assert min(parts) > 0
        assert sum(parts) == whole["summary"]["total"]
    given = await ask(api, "graphs/feedbacks")
    good = await ask(api, "graphs/feedbacks", weighted_feedback_min=0)
    bad = await ask(api, "graphs/feedbacks", weighted_feedback_max=-0.1)
    assert good["summary"]["total"] + bad["summary"]["total"] == given["summary"]["total"]


async def test_one_trace_can_be_told_from_the_others(api: Api) -> None:
    trace = {"trace_id": "nightly-eval-2026-02-03"}
    assert (await ask(api, "graphs/requests", **trace))["summary"]["total"] == 6
    (model,) = (await ask(api, "groups/ai-models", **trace))["data"]
    assert model["ai_model"] == "claude-3-5-sonnet"
    assert (await ask(api, "graphs/requests", trace_id="none"))["summary"]["total"] == 0


async def test_the_default_workspace_is_meant_when_none_is_named(api: Api) -> None:
    default = await ask(api, "graphs/cost")
    assert default == await ask(api, "graphs/cost", workspace_slug="ws-production")
    assert default != await ask(api, "graphs/cost", workspace_slug="ws-staging")
    missing = await api.get(f"/v1/analytics/graphs/cost?{urlencode({**PERIOD, 'workspace_slug': 'ws-no'})}")
    assert (missing.status, missing.code) == (404, "AB02")


async def test_a_workspace_key_sees_its_own_workspace_whatever_it_names(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    own = await ask(support, "groups/users")
    assert {one["user"] for one in own["data"]} == {"hana", "mateo"}
    assert await ask(support, "groups/users", workspace_slug="ws-staging") == own


async def test_the_scope_is_analytics_view(api: Api) -> None:
    path = f"/v1/analytics/groups/users?{urlencode(PERIOD)}"
    assert (await api.as_key(READ_ONLY_KEY).get(path)).status == 200
    denied = await api.as_key(NO_SCOPES_KEY).get(path)
    assert (denied.status, "analytics.view" in denied.message) == (403, True)


@pytest.mark.parametrize(
    ("first", "last", "points"),
    [
        ("2026-02-19T10:00:00Z", "2026-02-19T10:30:00Z", 31),
        ("2026-02-19T10:00:00Z", "2026-02-19T15:59:59Z", 24),
        ("2026-02-18T00:00:00Z", "2026-02-19T23:59:59Z", 48),
        ("2026-02-01", "2026-02-07T23:59:59", 7),
        ("2020-01-01", "2030-01-01", 90),
    ],
)
async def test_points_are_as_close_as_the_period_is_short(
    api: Api, first: str, last: str, points: int
) -> None:
    times = {"time_of_generation_min": first, "time_of_generation_max": last}
    graph = await ask(api, "graphs/requests", **times)
    assert len(graph["data_points"]) == points
    assert graph["summary"]["total"] == sum(point["total"] for point in graph["data_points"])


async def test_groups_are_paged_and_the_largest_comes_first(api: Api) -> None:
    whole = await ask(api, "groups/users")
    first = await ask(api, "groups/users", page_size=2)
    second = await ask(api, "groups/users", page_size=2, current_page=1)
    assert first["total"] == second["total"] == len(whole["data"]) == 5
    assert [*first["data"], *second["data"]] == whole["data"][:4]
    counts = [int(one["requests"]) for one in whole["data"]]
    assert counts == sorted(counts, reverse=True)
    assert {type(value) for one in whole["data"] for value in one.values()} == {str}


async def test_the_groups_by_provider_show_the_columns_asked_for_in_the_order_asked_for(api: Api) -> None:
    columns = "cost,avg_latency,p95_latency,success_rate,error_count,cache_hit_rate,last_seen,first_seen"
    listed = await ask(api, "groups/provider", columns=columns, order_by="cost", order_by_type="asc")
    assert set(listed["data"][0]) == {"provider", "object", *columns.split(",")}
    assert [one["provider"] for one in listed["data"]] == ["anthropic", "openai"]
    assert "total" not in await ask(api, "groups/provider", include_total="false")
    newest = await ask(api, "groups/provider", columns="last_seen", order_by="last_seen")
    seen = [one["last_seen"] for one in newest["data"]]
    assert seen == sorted(seen, reverse=True)
    wrong = await api.get(f"/v1/analytics/groups/provider?{urlencode({**PERIOD, 'columns': 'cost,speed'})}")
    assert (wrong.status, "speed is not one of the columns" in wrong.message) == (400, True)


async def test_a_metadata_key_that_nothing_carries_has_no_groups(api: Api) -> None:
    assert (await ask(api, "groups/metadata/region"))["total"] == 0
    (staging,) = (await ask(api, "groups/metadata/env", workspace_slug="ws-staging"))["data"]
    assert (staging["metadata_value"], staging["object"]) == ("staging", "analytics-group")


async def test_all_problems_of_a_query_are_told_at_once(api: Api) -> None:
    query = {"cost_min": "x", "prompt_token_max": -1, "weighted_feedback_min": 11, "metadata": "[]"}
    answer = await api.get(f"/v1/analytics/graphs/cost?{urlencode(query)}")
    assert (answer.status, answer.code) == (400, "AB01")
    for name in (*query, *PERIOD):
        assert name in answer.message
    backwards = {
        "time_of_generation_min": "2026-02-02",
        "time_of_generation_max": "2026-02-01T00:00:00Z",
    }
    answer = await api.get(f"/v1/analytics/graphs/cost?{urlencode(backwards)}")
    assert "must not be after" in answer.message


async def test_two_sandboxes_of_the_same_day_agree() -> None:
    graphs = []
    for _ in range(2):
        app = create_sandbox(clock=TickingClock())
        graphs.append(await ask(Api(app), "graphs/cost"))
        app.close()
    assert graphs[0] == graphs[1]
