from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.company import user_id, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from app.sandbox.traffic import requests_of
from tests.sandbox.client import Api

ALL = "/v1/api-keys"
SERVICE = f"{ALL}/workspace/service"
ADMIN = f"{ALL}/organisation/service"
CHECKOUT = f"{ALL}/{seed_id('api_key', 'Checkout service')}"
NEW = {"name": "Nightly job", "scopes": ["configs.list"], "workspace_id": "ws-staging"}


@dataclass
class Watch:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def timed(watch: Watch) -> Iterator[Api]:
    app = create_sandbox(clock=watch)
    yield Api(app)
    app.close()


async def test_list_has_the_recorded_shape_and_masks_every_key(api: Api) -> None:
    answer = (await api.get(ALL)).data
    assert (answer["object"], answer["total"]) == ("list", 7)
    recorded = {
        *("id", "key", "name", "description", "type", "organisation_id", "workspace_id", "user_id", "status"),
        *("created_at", "last_updated_at", "creation_mode", "rate_limits", "usage_limits", "reset_usage"),
        *("expires_at", "last_reset_at", "alert_emails", "expiry_enforced", "allow_config_override"),
        *("api_key_defaults_id", "scopes", "defaults", "object"),
    }
    assert all(set(key) - {"rotation_policy"} == recorded for key in answer["data"])
    assert all("*****" in key["key"] for key in answer["data"])


async def test_list_filters_by_workspace_and_pages(api: Api) -> None:
    assert (await api.get(f"{ALL}?workspace_id=ws-production")).data["total"] == 4
    assert (await api.get(f"{ALL}?workspace_id={workspace_id('ws-staging')}")).data["total"] == 1
    paged = (await api.get(f"{ALL}?page_size=4&current_page=1")).data
    assert (paged["total"], len(paged["data"])) == (7, 3)


async def test_a_new_key_opens_the_sandbox_with_its_scopes_and_in_its_workspace(api: Api) -> None:
    made = (await api.post(SERVICE, NEW)).data
    assert set(made) == {"id", "key", "object"}
    mine = api.as_key(made["key"])
    configs = (await mine.get("/v1/configs")).data["data"]
    assert [config["slug"] for config in configs] == ["pc-stagin-8c3d55"]
    refused = await mine.get("/v1/prompts")
    assert (refused.status, "prompts.list" in refused.message) == (403, True)
    (entry,) = [e for e in (await api.get("/_sandbox/requests")).data["data"] if e["path"] == "/v1/prompts"]
    assert entry["key"] == "Nightly job"


async def test_a_secret_is_shown_once(api: Api) -> None:
    made = (await api.post(SERVICE, NEW)).data
    shown = (await api.get(f"{ALL}/{made['id']}")).data
    assert shown["key"] == f"pk*******{made['key'][-2:]}"
    for path in (ALL, f"{ALL}/{made['id']}", "/_sandbox/requests"):
        assert made["key"] not in str((await api.get(path)).data)


async def test_the_type_stands_in_the_path(api: Api) -> None:
    made = (await api.post(f"{ALL}/workspace/user", {**NEW, "user_id": user_id("hana")})).data["id"]
    shown = (await api.get(f"{ALL}/{made}")).data
    assert (shown["type"], shown["user_id"]) == ("workspace-user", user_id("hana"))
    made = (await api.post(ADMIN, {"name": "Ops", "scopes": []})).data["id"]
    shown = (await api.get(f"{ALL}/{made}")).data
    assert (shown["type"], shown["workspace_id"]) == ("organisation-service", None)


@pytest.mark.parametrize(
    ("path", "change", "problem"),
    [
        (SERVICE, {"workspace_id": ""}, "workspace_id must not be empty"),
        (SERVICE, {"workspace_id": "ws-nowhere"}, "workspace_id: no workspace matches 'ws-nowhere'"),
        (SERVICE, {"scopes": ["all"]}, "scopes[0] must match"),
        (SERVICE, {"defaults": {"config_id": "pc-none"}}, "defaults.config_id: no config matches 'pc-none'"),
        (SERVICE, {"expires_at": "2020-01-01T00:00:00Z"}, "expires_at must be in the future"),
        (SERVICE, {"expires_at": "soon"}, "expires_at must be an ISO 8601 date and time"),
        (SERVICE, {"alert_emails": ["amara"]}, "alert_emails[0] must match"),
        (SERVICE, {"rate_limits": [{"type": "requests", "unit": "rpy", "value": 1}]}, "unit must be one of"),
        (
            SERVICE,
            {"usage_limits": {"credit_limit": 10, "alert_threshold": 80}},
            "usage_limits.alert_threshold must be below credit_limit",
        ),
        (
            SERVICE,
            {"usage_limits": {"periodic_reset": "weekly", "periodic_reset_days": 3}},
            "periodic_reset and periodic_reset_days exclude each other",
        ),
        (SERVICE, {"rotation_policy": {"key_transition_period_ms": 5}}, "must be at least 1.8e+06"),
        (SERVICE, {"rotation_policy": {}}, "must have either rotation_period or next_rotation_at"),
        (f"{ALL}/workspace/user", {}, "user_id is required for a user key"),
        (f"{ALL}/workspace/user", {"user_id": "nobody"}, "user_id: no user has the id 'nobody'"),
        (f"{ALL}/organisation/user", {}, "there are no organisation-user keys"),
        (ADMIN, {"scopes": ["completions.write"]}, "completions.write is for workspace keys"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, path: str, change: dict[str, Any], problem: str) -> None:
    answer = await api.post(path, {**NEW, **change})
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message
    assert (await api.get(ALL)).data["total"] == 7


async def test_a_workspace_key_is_made_in_a_workspace(api: Api) -> None:
    bare = {"name": "X", "scopes": []}
    assert "workspace_id is required" in (await api.post(SERVICE, bare)).message
    support = api.as_key(WORKSPACE_KEY)
    made = (await support.post(SERVICE, bare)).data["id"]
    assert (await api.get(f"{ALL}/{made}")).data["workspace_id"] == workspace_id("ws-customer-support")
    assert (await support.post(SERVICE, NEW)).status == 403


async def test_each_type_of_key_has_scopes_of_its_own(api: Api) -> None:
    scopes = ["workspace_service_api_keys.list", "workspace_service_api_keys.read"]
    made = (await api.post(SERVICE, {**NEW, "workspace_id": "ws-production", "scopes": scopes})).data
    mine = api.as_key(made["key"])
    assert {key["type"] for key in (await mine.get(ALL)).data["data"]} == {"workspace-service"}
    notebook = seed_id("api_key", "Priya's notebook")
    refused = await mine.get(f"{ALL}/{notebook}")
    assert (refused.status, "workspace_user_api_keys.read" in refused.message) == (403, True)
    assert (await mine.delete(CHECKOUT)).status == 403
    refused = await api.as_key(WORKSPACE_KEY).post(ADMIN, {"name": "X", "scopes": []})
    assert "organisation_service_api_keys.create" in refused.message
    assert (await api.as_key(READ_ONLY_KEY).get(ALL)).data["total"] == 8


async def test_a_workspace_key_sees_the_keys_of_its_workspace(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert [key["name"] for key in (await support.get(ALL)).data["data"]] == ["Support assistant backend"]
    assert (await support.get(CHECKOUT)).status == 403


async def test_an_update_changes_what_it_names_and_nothing_else(api: Api) -> None:
    before = (await api.get(CHECKOUT)).data
    assert (await api.put(CHECKOUT, {"usage_limits": {"credit_limit": 2500}})).data == {}
    after = (await api.get(CHECKOUT)).data
    assert after["usage_limits"] == {**before["usage_limits"], "credit_limit": 2500}
    unchanged = before.keys() - {"usage_limits", "last_updated_at"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    await api.put(CHECKOUT, {"usage_limits": {"periodic_reset_days": 30}})
    limits = (await api.get(CHECKOUT)).data["usage_limits"]
    assert (limits["periodic_reset_days"], "periodic_reset" in limits) == (30, False)


async def test_an_update_can_change_everything(api: Api) -> None:
    change: dict[str, Any] = {
        "name": "Checkout",
        "description": "Both shops.",
        "scopes": ["completions.write"],
        "rate_limits": None,
        "defaults": {"metadata": {"team": "shop"}, "allow_config_override": True},
        "alert_emails": ["jonas.lindqvist@brightwater.example"],
        "expires_at": "2031-01-01T00:00:00Z",
        "rotation_policy": {"next_rotation_at": "2030-01-01T00:00:00Z"},
    }
    assert (await api.put(CHECKOUT, change)).status == 200
    shown = (await api.get(CHECKOUT)).data
    expected = {**change, "rate_limits": [], "expires_at": "2031-01-01T00:00:00.000Z"}
    expected["defaults"] = {"config_id": "pc-checko-2b7f10", "metadata": {"team": "shop"}}
    assert {name: shown[name] for name in expected} == expected
    assert shown["allow_config_override"] == 1
    await api.put(CHECKOUT, {"expires_at": None, "rotation_policy": None, "usage_limits": None})
    shown = (await api.get(CHECKOUT)).data
    assert (shown["expires_at"], shown["usage_limits"], "rotation_policy" in shown) == (None, None, False)


async def test_resetting_usage_wakes_an_exhausted_key(api: Api) -> None:
    load_tests = f"{ALL}/{seed_id('api_key', 'Load tests')}"
    assert (await api.get(load_tests)).data["status"] == "exhausted"
    await api.put(load_tests, {"reset_usage": False})
    assert (await api.get(load_tests)).data["status"] == "exhausted"
    await api.put(load_tests, {"reset_usage": True})
    shown = (await api.get(load_tests)).data
    assert (shown["status"], shown["last_reset_at"]) == ("active", shown["last_updated_at"])


@pytest.mark.parametrize("body", [{}, {"workspace_id": "ws-staging"}, {"type": "workspace"}, {"name": ""}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, object]) -> None:
    assert (await api.put(CHECKOUT, body)).status == 400


async def test_a_deleted_key_is_refused(api: Api) -> None:
    made = (await api.post(SERVICE, NEW)).data
    assert (await api.delete(f"{ALL}/{made['id']}")).data == {}
    assert (await api.as_key(made["key"]).get("/v1/configs")).status == 401
    assert (await api.get(f"{ALL}/{made['id']}")).status == 404


async def test_deleting_a_workspace_ends_its_keys(api: Api) -> None:
    made = (await api.post(SERVICE, NEW)).data
    held = await api.delete("/v1/admin/workspaces/ws-staging", {"name": "Staging"})
    assert (held.status, "api key (2)" in held.message, "virtual key (1)" in held.message) == (
        409,
        True,
        True,
    )
    await api.delete("/v1/admin/workspaces/ws-staging", {"name": "Staging", "force_delete": True})
    assert (await api.get(f"{ALL}/{made['id']}")).status == 404
    assert (await api.as_key(made["key"]).get("/v1/configs")).status == 401
    assert (await api.get("/v1/virtual-keys/openai-staging-71fa3e")).status == 404


async def test_rotation_keeps_the_id_and_lets_the_old_secret_work_for_a_while(
    timed: Api, watch: Watch
) -> None:
    made = (await timed.post(SERVICE, NEW)).data
    rotated = (await timed.post(f"{ALL}/{made['id']}/rotate")).data
    assert set(rotated) == {"id", "key", "key_transition_expires_at"}
    assert (rotated["id"], rotated["key_transition_expires_at"]) == (made["id"], "2026-03-01T12:30:00.000Z")
    assert rotated["key"] != made["key"]
    old, new = timed.as_key(made["key"]), timed.as_key(rotated["key"])
    watch.now += timedelta(minutes=29)
    assert [(await key.get("/v1/configs")).status for key in (old, new)] == [200, 200]
    watch.now += timedelta(minutes=1)
    assert [(await key.get("/v1/configs")).status for key in (old, new)] == [401, 200]
    shown = (await timed.get(f"{ALL}/{made['id']}")).data
    assert shown["key"] == f"pk*******{rotated['key'][-2:]}"


async def test_the_transition_is_as_long_as_asked_for(timed: Api) -> None:
    asked = await timed.post(f"{CHECKOUT}/rotate", {"key_transition_period_ms": 7_200_000})
    assert asked.data["key_transition_expires_at"] == "2026-03-01T14:00:00.000Z"
    usual = await timed.post(f"{CHECKOUT}/rotate", {})
    assert usual.data["key_transition_expires_at"] == "2026-03-01T13:00:00.000Z"
    assert (await timed.post(f"{CHECKOUT}/rotate", {"key_transition_period_ms": 60_000})).status == 400


async def test_a_key_ends_when_it_expires(timed: Api, watch: Watch) -> None:
    made = (await timed.post(SERVICE, {**NEW, "expires_at": "2026-03-01T13:30:00+01:00"})).data
    assert (await timed.as_key(made["key"]).get("/v1/configs")).status == 200
    watch.now += timedelta(minutes=30)
    assert (await timed.as_key(made["key"]).get("/v1/configs")).status == 401
    shown = (await timed.get(f"{ALL}/{made['id']}")).data
    assert (shown["expires_at"], shown["expiry_enforced"]) == ("2026-03-01T12:30:00.000Z", 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_an_unknown_key_is_404(api: Api, method: str) -> None:
    path = f"{ALL}/{seed_id('api_key', 'nobody')}" + ("/rotate" if method == "POST" else "")
    answer = await api.send(method, path, {"name": "x"})
    assert (answer.status, answer.code) == (404, "AB02")


async def test_a_made_up_secret_is_401(api: Api) -> None:
    assert (await api.as_key("pk-sandbox-00000000").get("/v1/configs")).status == 401


async def test_the_keys_of_the_traffic_are_keys_that_exist(api: Api) -> None:
    used = {request.api_key_id for request in requests_of(date(2026, 3, 17))}
    listed = {key["id"] for key in (await api.get(ALL)).data["data"]}
    assert used <= listed
