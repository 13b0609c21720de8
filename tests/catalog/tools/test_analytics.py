"""The analytics tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app.catalog.registry import load_tools
from app.catalog.snapshot import wire_form
from app.sandbox.keys import NO_SCOPES_KEY
from tests.catalog import desk as desks
from tests.catalog.calls import Call
from tests.catalog.calls.analytics import CALLS, EVERYTHING, MINIMAL
from tests.catalog.desk import Desk, told

TOOLS = {tool.name: tool for tool in load_tools(["analytics"])}
FORMS = {name: wire_form(tool) for name, tool in TOOLS.items()}
COST = "get_cost_analytics"
PERIOD = {"time_of_generation_min": "2026-03-01", "time_of_generation_max": "2026-03-02T10:00:00+02:00"}
AS_ISO = {"time_of_generation_min": "2026-03-01T00:00:00Z", "time_of_generation_max": "2026-03-02T08:00:00Z"}


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, tool in TOOLS.items():
        monkeypatch.setitem(desks.TOOLS, name, tool)
        monkeypatch.setitem(desks.FORMS, name, FORMS[name])


async def query(desk: Desk, **arguments: Any) -> dict[str, str]:
    """The query that these arguments send, without the period."""
    await desk.good(COST, **PERIOD, **arguments)
    _, _, text, _ = await desk.sent()
    sent = parse_qsl(text, keep_blank_values=True)
    assert len(dict(sent)) == len(sent)
    assert dict(sent).items() >= AS_ISO.items()
    return {name: value for name, value in sent if name not in AS_ISO}


def test_there_is_a_call_of_every_tool() -> None:
    assert [call.tool for call in CALLS] == sorted(TOOLS, key=[call.tool for call in CALLS].index)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_with_the_period_alone(desk: Desk, call: Call) -> None:
    data = await desk.good(call.tool, **call.minimal)
    method, path, text, body = await desk.sent()
    assert ((method, path), body) == (call.sends, None)
    assert {name for name, _ in parse_qsl(text)} == set(MINIMAL)
    assert data.get("summary") or data["data"]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_with_every_argument(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **call.everything)
    _, _, text, _ = await desk.sent()
    sent = dict(parse_qsl(text, keep_blank_values=True))
    given = {**call.everything, **EVERYTHING["filters"]}
    assert sent.keys() == given.keys() - {"filters", "metadata_key"}
    assert sent["ai_org_model"] == "openai__gpt-4o,anthropic__claude-3-5-sonnet"
    assert sent["virtual_keys"] == "openai-prod-4d1e7a,anthropic-prod-9b02c6"
    assert sent["metadata"] == '{"team":"checkout","env":"production"}'
    assert (sent["cost_min"], sent["cost_max"], sent["total_units_min"]) == ("0", "99.5", "0")
    assert sent["time_of_generation_min"] == "2026-01-05T08:00:00Z"
    if call.tool == "get_analytics_group_providers":
        assert (sent["columns"], sent["include_total"]) == ("cost,requests,p95_latency", "false")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_a_period_that_ends_before_it_starts_is_not_sent(desk: Desk, call: Call) -> None:
    error = await desk.bad(call.tool, **call.failing)
    assert "later than" in told(error)
    assert await desk.requests() == []


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("status_code", ["401", 403], {"status_code": "401,403"}),
        ("status_code", "401, 403", {"status_code": "401,403"}),
        ("status_codes", ["401", "403"], {"status_code": "401,403"}),
        ("virtual_key_slugs", ["a", "b"], {"virtual_keys": "a,b"}),
        ("config_slugs", ["a"], {"configs": "a"}),
        ("provider_models", ["openai__gpt-4o"], {"ai_org_model": "openai__gpt-4o"}),
        ("trace_ids", ["a", "b"], {"trace_id": "a,b"}),
        ("span_ids", ["a", "b"], {"span_id": "a,b"}),
        ("api_key_ids", "k1,k2", {"api_key_ids": "k1,k2"}),
        ("api_key_ids", '["k1","k2"]', {"api_key_ids": "k1,k2"}),
        ("metadata", '{"team": "a & b"}', {"metadata": '{"team":"a & b"}'}),
        ("metadata", {"team": "Prüfung"}, {"metadata": '{"team":"Prüfung"}'}),
        ("metadata_filter", {"n": 1, "ok": True}, {"metadata": '{"n":1,"ok":true}'}),
        ("cost_min", "0", {"cost_min": "0"}),
        ("total_units_max", 0, {"total_units_max": "0"}),
        ("weighted_feedback_min", -2.5, {"weighted_feedback_min": "-2.5"}),
        ("workspace_slug", "ws-staging", {"workspace_slug": "ws-staging"}),
        ("status_code", "", {}),
        ("metadata", None, {}),
    ],
)
async def test_a_filter_is_sent_the_same_however_it_is_given(
    desk: Desk, name: str, value: Any, sent: dict[str, str]
) -> None:
    assert await query(desk, **{name: value}) == sent
    assert await query(desk, filters={name: value}) == sent
    assert await query(desk, filters=json.dumps({name: value})) == sent


async def test_of_two_names_for_one_filter_the_structured_one_wins(desk: Desk) -> None:
    assert await query(desk, status_code="500", status_codes=["429"]) == {"status_code": "429"}


async def test_a_filter_may_not_be_given_in_both_places(desk: Desk) -> None:
    error = await desk.bad(
        COST, **PERIOD, cost_min=1, status_code="500", filters={"cost_min": 1, "status_codes": []}
    )
    assert "filters.status_code" in told(error)
    error = await desk.bad(
        COST, **PERIOD, cost_min=1, status_code="500", filters={"cost_min": 2, "status_codes": "4"}
    )
    assert "give cost_min, status_code in filters or beside it, not in both" in told(error)
    assert await desk.requests() == []


async def test_every_problem_of_the_filters_is_told_at_once(desk: Desk) -> None:
    filters = {
        "cost_mni": 1,
        "colour": "red",
        "zzzz": 1,
        "cost_max": -1,
        "metadata": 3,
        "configs": [],
        "time_of_generation_max": "now",
    }
    error = await desk.bad(COST, time_of_generation_min="yesterday", filters=filters, total_units_min="many")
    problems = {one["argument"]: one["problem"] for one in error["problems"]}
    assert problems["filters.cost_mni"] == "is not a filter; did you mean cost_min?"
    assert problems["filters.colour"].startswith(
        "is not a filter; the filters are workspace_slug, ai_org_model"
    )
    assert "status_codes" not in problems["filters.colour"]
    assert problems["filters.zzzz"] == "is not a filter"
    assert problems["filters.time_of_generation_max"] == "is not a filter; give the period beside filters"
    assert problems["filters.cost_max"] == "must be greater than or equal to 0"
    assert problems["filters.metadata"] == "must be an object"
    assert problems.keys() >= {"filters.configs", "total_units_min", "time_of_generation_max"}
    assert "ISO 8601" in problems["time_of_generation_min"]
    assert await desk.requests() == []


@pytest.mark.parametrize("name", ["ai_org_model", "provider_models"])
@pytest.mark.parametrize(
    "models",
    ["gpt-4o", ["openai__gpt-4o", "gpt-4o"], "openai/gpt-4o", ["openai_gpt-4o"], "__gpt-4o", "openai__"],
)
async def test_a_model_without_its_provider_is_refused(desk: Desk, name: str, models: Any) -> None:
    # Portkey would answer with an empty list.
    for given in ({name: models}, {"filters": {name: models}}):
        (problem,) = (await desk.bad(COST, **PERIOD, **given))["problems"]
        assert problem["argument"] in (f"filters.{name}", "ai_org_model", "filters.ai_org_model")
        assert problem["problem"] == (
            "must be provider__model each, with two underscores, such as openai__gpt-4o"
        )
    assert await desk.requests() == []


async def test_a_misspelt_argument_is_told_with_the_right_one(desk: Desk) -> None:
    error = await desk.bad(COST, **PERIOD, workspace_slog="ws-staging")
    assert error["problems"][0]["problem"] == "is not an argument of this tool (did you mean workspace_slug?)"


async def test_the_most_expensive_model_of_last_week_can_be_found(desk: Desk) -> None:
    models = (await desk.good("get_analytics_group_models", **MINIMAL))["data"]
    spend = await desk.good(COST, **MINIMAL)
    assert sum(model["cost"] for model in models) == pytest.approx(spend["summary"]["total"], abs=50)
    assert max(models, key=lambda model: model["cost"])["ai_model"] == "gpt-4o"


@pytest.mark.parametrize("tool", ["get_analytics_group_users", "get_analytics_group_models"])
async def test_figures_of_groups_are_numbers(desk: Desk, tool: str) -> None:
    for group in (await desk.good(tool, **MINIMAL))["data"]:
        assert {type(group["requests"]), type(group["cost"])} == {int}


async def test_pages_of_groups_name_the_next_one(desk: Desk) -> None:
    first = await desk.good("get_analytics_group_users", **MINIMAL, page_size=1)
    assert first["next_page"] == {"current_page": 1, "items_left": first["total"] - 1}


async def test_a_metadata_key_is_kept_in_its_segment(desk: Desk) -> None:
    await desk.good("get_analytics_group_metadata", **MINIMAL, metadata_key="a/b c")
    _, path, *_ = await desk.sent()
    assert path == "/v1/analytics/groups/metadata/a%2Fb%20c"
    assert (await desk.bad("get_analytics_group_metadata", **MINIMAL, metadata_key=".."))["problems"]


async def test_a_refusal_names_scope_and_plan(desk: Desk) -> None:
    denied = Desk(desk.app, NO_SCOPES_KEY)
    error = await denied.bad(COST, **MINIMAL)
    assert error["status"] == 403
    assert "analytics.view" in error["next_step"]
    assert "Enterprise" in error["next_step"]


def test_the_domain_fits_its_share_of_the_listing() -> None:
    sizes = [len(json.dumps(form, separators=(",", ":"))) for form in FORMS.values()]
    assert sum(sizes) <= 14 * 1024
    assert max(sizes) <= 1_200
