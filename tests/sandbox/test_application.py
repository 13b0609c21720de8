from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

import httpx2
import pytest

from app.sandbox import resources
from app.sandbox.application import create_sandbox
from app.sandbox.keys import ADMIN_KEY, KEYS, NO_SCOPES_KEY, PUBLIC, READ_ONLY_KEY, WORKSPACE_KEY
from app.sandbox.routing import Route
from tests.sandbox.client import Api, TickingClock

if TYPE_CHECKING:
    from app.sandbox.application import Sandbox

MODULES = [
    import_module(f"{resources.__name__}.{found.name}") for found in pkgutil.iter_modules(resources.__path__)
]
ROUTES: list[Route] = [route for module in MODULES for route in module.ROUTES]
GUARDED = [route for route in ROUTES if route.scope != PUBLIC]


def _example_path(route: Route) -> str:
    return "/".join("nothing" if part.startswith("{") else part for part in route.path.split("/"))


async def test_root_describes_the_sandbox_and_its_keys(api: Api) -> None:
    answer = await api.as_key("").get("/")
    assert answer.status == 200
    assert answer.data["endpoints"] == len(ROUTES)
    assert [key["key"] for key in answer.data["keys"]] == [key.secret for key in KEYS]
    assert "POST /_sandbox/reset" in answer.data["control"]


@pytest.mark.parametrize("key", ["", "sandbox-admin", "pk-live-123"])
async def test_missing_or_unknown_key_is_401(api: Api, key: str) -> None:
    answer = await api.as_key(key).get("/v1/configs")
    assert (answer.status, answer.code) == (401, "AB05")
    assert answer.message == "Unauthorized. Send a valid API key in the header x-portkey-api-key."


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_every_endpoint_needs_its_scope(api: Api, route: Route) -> None:
    answer = await api.as_key(NO_SCOPES_KEY).send(route.method, _example_path(route), {})
    assert (answer.status, answer.code) == (403, "AB03")
    assert route.scope in answer.message
    assert NO_SCOPES_KEY not in answer.message


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_read_only_key_reads_and_nothing_else(api: Api, route: Route) -> None:
    answer = await api.as_key(READ_ONLY_KEY).send(route.method, _example_path(route), {})
    reads = route.method == "GET" or route.scope == "prompts.render"
    assert (answer.status == 403) is not reads


def test_every_resource_keeps_the_contract() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for module in MODULES:
        assert callable(module.seed)
    for route in GUARDED:
        assert route.path.startswith(("/v1/", "/v2/"))
        resource, _, action = route.scope.partition(".")
        assert resource
        assert (
            action in {"create", "list", "read", "update", "delete", "publish", "render", "write"}
            or "." in route.scope
        )


@pytest.mark.parametrize(
    "path", ["/nope", "/v1/nope", "/v1/configs/", "/v1/configs//versions", "/v2/configs", "/v1"]
)
async def test_unknown_route_is_404(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status, answer.code) == (404, "AB02")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/configs", "GET, POST"),
        ("PUT", "/v1/configs/any/versions", "GET"),
        ("DELETE", "/v1/prompts/any/render", "POST"),
        ("HEAD", "/v1/admin/workspaces/any", "DELETE, GET, PUT"),
    ],
)
async def test_wrong_method_is_405_with_allow(api: Api, method: str, path: str, allowed: str) -> None:
    answer = await api.send(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == allowed


async def test_wrong_method_on_the_control_endpoints_is_405(api: Api) -> None:
    answer = await api.post("/_sandbox/requests")
    assert (answer.status, answer.code) == (405, "AB01")
    assert "GET" in answer.headers["allow"]


async def test_encoded_slashes_and_dots_stay_inside_their_segment(api: Api) -> None:
    escaped = await api.get("/v1/configs/pc-checko-2b7f10%2Fversions")
    assert escaped.status == 404
    assert "pc-checko-2b7f10/versions" in escaped.message
    dots = await api.get("/v1/admin/workspaces/%2e%2e/users")
    assert (dots.status, dots.code) == (404, "AB02")


async def test_workspace_key_sees_only_its_workspace(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    workspaces = (await support.get("/v1/admin/workspaces")).data
    assert [workspace["slug"] for workspace in workspaces["data"]] == ["ws-customer-support"]
    assert {prompt["name"] for prompt in (await support.get("/v1/prompts")).data["data"]} == {
        "Ticket summary",
        "Refund reply",
    }
    assert [config["slug"] for config in (await support.get("/v1/configs")).data["data"]] == [
        "pc-suppor-e61a94"
    ]
    mappings = (await support.get("/v1/scim/workspaces")).data
    assert [mapping["scim_group"] for mapping in mappings["mappings"]] == ["Support Agents"]
    for path in (
        "/v1/configs/pc-checko-2b7f10",
        "/v1/prompts/pp-upsell-d47b18",
        "/v1/admin/workspaces/ws-staging",
    ):
        answer = await support.get(path)
        assert (answer.status, answer.code) == (403, "AB03")


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b'{"name": NaN}', b'{"name": 1e999}', b'{"name": "\\ud800"}']
)
async def test_a_body_that_is_not_json_is_400(api: Api, body: bytes) -> None:
    answer = await api.post("/v1/configs", body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert "valid JSON" in answer.message


async def test_escaped_unicode_is_kept(api: Api) -> None:
    created = await api.post("/v1/admin/workspaces", b'{"name": "Caf\\u00e9 \\ud83d\\ude00"}')
    assert (await api.get(f"/v1/admin/workspaces/{created.data['id']}")).data["name"] == "Café 😀"


@pytest.mark.parametrize("depth", [500, 100_000])
async def test_deep_nesting_is_no_server_error(api: Api, depth: int) -> None:
    body = b'{"name": "deep", "config": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
    assert (await api.post("/v1/configs", body)).status in (200, 400)


async def test_a_body_that_is_no_object_is_400(api: Api) -> None:
    answer = await api.post("/v1/configs", [1])
    assert answer.message == "Invalid request. the body must be a JSON object."


async def test_a_huge_body_is_413(api: Api) -> None:
    answer = await api.post("/v1/configs", b" " * (4 * 1024 * 1024 + 1))
    assert answer.status == 413


async def test_a_bug_answers_500_in_portkeys_form(sandbox: Sandbox) -> None:
    sandbox.close()
    transport = httpx2.ASGITransport(sandbox, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        answer = await client.get("/v1/configs", headers={"x-portkey-api-key": ADMIN_KEY})
    assert answer.status_code == 500
    assert answer.json()["data"]["errorCode"] == "AB04"


async def _story(api: Api) -> list[object]:
    steps = [
        await api.post("/v1/admin/workspaces", {"name": "Data"}),
        await api.post("/v1/configs", {"name": "First", "config": {"retry": {"attempts": 1}}}),
        await api.put("/v1/configs/pc-checko-2b7f10", {"status": "inactive"}),
        await api.post("/v1/prompts/pp-refund-62c9e0/completions", {"variables": {"customer": "Ana"}}),
        await api.get("/v1/admin/workspaces"),
        await api.get("/v1/configs"),
        await api.get("/v1/prompts/pp-ticket-1f5d3a"),
        await api.get("/v2/scim/groups"),
    ]
    return [(step.status, step.data, step.headers["x-request-id"]) for step in steps]


async def test_two_fresh_sandboxes_answer_the_same(api: Api) -> None:
    other = create_sandbox(clock=TickingClock())
    assert await _story(api) == await _story(Api(other))
    other.close()


async def test_reset_starts_over(api: Api) -> None:
    other = create_sandbox(clock=TickingClock())
    await _story(api)
    await api.put("/_sandbox/fault", {"fault": "status=500"})
    assert (await api.post("/_sandbox/reset")).data == {}
    first = await api.post("/v1/admin/workspaces", {"name": "Data"})
    assert first.data["id"] == (await Api(other).post("/v1/admin/workspaces", {"name": "Data"})).data["id"]
    assert first.headers["x-request-id"] == "sandbox-1"
    other.close()
