from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.company import user_id, workspace_id
from app.sandbox.ids import seed_id
from tests.sandbox.client import Api

ALL = "/v1/admin/users/invites"
PENDING = seed_id("user_invite", "nora.haas")
ACCEPTED = seed_id("user_invite", "priya.raman")
EXPIRED = seed_id("user_invite", "tom.bright")
CANCELLED = seed_id("user_invite", "eve.fisher")
NEW: dict[str, Any] = {
    "email": "ada@brightwater.example",
    "role": "member",
    "workspaces": [{"id": "ws-staging", "role": "manager"}],
}


class Calendar:
    """A clock that stands until it is moved."""

    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def dated(calendar: Calendar) -> Iterator[Api]:
    app = create_sandbox(clock=calendar)
    yield Api(app)
    app.close()


async def _emails(api: Api, query: str) -> list[str]:
    return [invite["email"].partition("@")[0] for invite in (await api.get(f"{ALL}?{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "emails"),
    [
        ("", ["priya.raman", "tom.bright", "eve.fisher", "nora.haas"]),
        ("status=pending", ["nora.haas"]),
        ("status=accepted", ["priya.raman"]),
        ("status=expired", ["tom.bright"]),
        ("status=cancelled", ["eve.fisher"]),
        ("role=admin", ["tom.bright"]),
        ("email=nora.haas@brightwater.example", ["nora.haas"]),
        ("pageSize=3&currentPage=1", ["nora.haas"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, emails: list[str]) -> None:
    assert await _emails(api, query) == emails


async def test_list_refuses_unknown_filters(api: Api) -> None:
    answer = await api.get(f"{ALL}?status=lost&role=owner")
    assert answer.status == 400
    assert "status must be one of pending, cancelled, accepted, expired" in answer.message
    assert "role must be one of admin, member" in answer.message


async def test_an_invite_is_created_and_shown(api: Api) -> None:
    created = await api.post(ALL, NEW)
    assert created.data["invite_link"].endswith(created.data["id"])
    assert (await api.get(f"{ALL}/{created.data['id']}")).data == {
        "object": "invite",
        "id": created.data["id"],
        "email": "ada@brightwater.example",
        "role": "member",
        "created_at": "2026-03-01T12:00:01.000Z",
        "expires_at": "2026-03-08T12:00:01.000Z",
        "status": "pending",
        "invited_by": user_id("jonas"),
        "workspaces": [{"workspace_id": workspace_id("ws-staging"), "role": "manager"}],
    }
    accepted = (await api.get(f"{ALL}/{ACCEPTED}")).data
    assert accepted["created_at"] < accepted["accepted_at"] < accepted["expires_at"]


async def test_an_invite_may_name_no_workspace_and_a_key(api: Api) -> None:
    details = {"scopes": ["logs.view"], "name": "Ada", "expiry": "2027-01-01", "metadata": {"team": "x"}}
    body = {**NEW, "workspaces": [], "first_name": "Ada", "last_name": "L"}
    assert (await api.post(ALL, {**body, "workspace_api_key_details": details})).status == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "email is required; role is required; workspaces is required"),
        ({**NEW, "email": "ada"}, "email must match"),
        ({**NEW, "role": "owner"}, "role must be one of admin, member"),
        ({**NEW, "workspaces": [{"id": "ws-staging"}]}, "workspaces[0].role is required"),
        ({**NEW, "workspaces": [{"id": "no", "role": "member"}]}, "workspaces[0].id: no workspace matches"),
        ({**NEW, "workspace_api_key_details": {}}, "workspace_api_key_details.scopes is required"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_nobody_is_invited_twice(api: Api) -> None:
    for email in ("nora.haas@brightwater.example", "hana.sato@brightwater.example"):
        assert (await api.post(ALL, {**NEW, "email": email})).status == 409
    for email in ("eve.fisher@brightwater.example", "tom.bright@brightwater.example"):
        assert (await api.post(ALL, {**NEW, "email": email})).status == 200


async def test_an_invite_expires_after_seven_days_and_a_resent_one_does_not(
    dated: Api, calendar: Calendar
) -> None:
    first, second = [
        (await dated.post(ALL, {**NEW, "email": f"{name}@b.example"})).data["id"] for name in ("a", "b")
    ]
    calendar.now += timedelta(days=6)
    resent = await dated.post(f"{ALL}/{second}/resend")
    assert set(resent.data) == {"inviteLink"}
    calendar.now += timedelta(days=1)
    assert (await dated.get(f"{ALL}/{first}")).data["status"] == "expired"
    assert (await dated.get(f"{ALL}/{second}")).data["status"] == "pending"
    assert "a" in await _emails(dated, "status=expired")


async def test_resending_revives_what_expired_and_nothing_else(api: Api) -> None:
    assert (await api.post(f"{ALL}/{EXPIRED}/resend")).status == 200
    assert (await api.get(f"{ALL}/{EXPIRED}")).data["status"] == "pending"
    for invite in (ACCEPTED, CANCELLED):
        assert (await api.post(f"{ALL}/{invite}/resend")).status == 409


async def test_a_deleted_invite_stays_as_cancelled(api: Api) -> None:
    for _ in range(2):
        assert (await api.delete(f"{ALL}/{PENDING}")).data == {}
        assert (await api.get(f"{ALL}/{PENDING}")).data["status"] == "cancelled"
    assert (await api.delete(f"{ALL}/{ACCEPTED}")).status == 409


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("DELETE", ""), ("POST", "/resend")])
async def test_an_unknown_invite_is_404(api: Api, method: str, end: str) -> None:
    assert (await api.send(method, f"{ALL}/nothing{end}")).status == 404
