"""Calls of the tools for users and their invitations."""

from __future__ import annotations

from app.sandbox.company import user_id
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

USERS = "/v1/admin/users"
INVITES = f"{USERS}/invites"
MATEO = {"user_id": user_id("mateo")}
NOBODY = {"user_id": "nobody"}
PENDING = {"invite_id": seed_id("user_invite", "nora.haas")}
NOTHING = {"invite_id": "nothing"}
PERIOD = {"time_of_generation_min": "-30d", "time_of_generation_max": "now"}

CALLS = (
    Call(
        tool="list_all_users",
        minimal={},
        everything={
            "page_size": 2,
            "current_page": 0,
            "role": "member",
            "email": "hana.sato@brightwater.example",
        },
        failing={"page_size": 101},
        sends=("GET", USERS),
    ),
    Call(
        tool="invite_user",
        minimal={"email": "ada@brightwater.example", "role": "member", "workspaces": []},
        everything={
            "email": "ada@brightwater.example",
            "role": "admin",
            "workspaces": [
                {"id": "ws-staging", "role": "manager"},
                {"id": "ws-production", "role": "member"},
            ],
            "first_name": "Ada",
            "last_name": "Lovelace",
            "workspace_api_key_details": {
                "scopes": ["logs.view", "prompts.read"],
                "name": "Ada's key",
                "expiry": "2027-01-01T00:00:00Z",
                "metadata": {"team": "engines"},
            },
        },
        failing={"email": "hana.sato@brightwater.example", "role": "member", "workspaces": []},
        sends=("POST", INVITES),
    ),
    Call(
        tool="get_user_stats",
        minimal=PERIOD,
        everything={
            **PERIOD,
            "workspace_slug": "ws-production",
            "page_size": 5,
            "current_page": 0,
            "cost_min": 0,
            "cost_max": 1000.5,
            "total_units_min": 0,
            "total_units_max": 1000000,
            "status_code": "200,429",
            "virtual_keys": "openai-prod-4d1e7a,anthropic-prod-9b02c6",
            "prompt_token_min": 0,
            "prompt_token_max": 100000,
            "completion_token_min": 0,
            "completion_token_max": 100000,
            "weighted_feedback_min": -10,
            "weighted_feedback_max": 10,
            "configs": "pc-checko-2b7f10",
            "api_key_ids": "765768a9-b4ec-4694-962c-d55f40cdb0dc",
            "ai_org_model": "openai__gpt-4o",
            "prompt_slug": "pp-upsell-d47b18",
            "trace_id": "trace-1,trace-2",
            "span_id": "span-1",
            "metadata": {"environment": "production"},
        },
        also=({**PERIOD, "filters": {"cost_min": 1, "metadata": {"team": "search"}}},),
        failing={**PERIOD, "page_size": 101},
        sends=("GET", "/v1/analytics/groups/users"),
    ),
    Call(
        tool="get_user",
        minimal=MATEO,
        everything=MATEO,
        failing=NOBODY,
        sends=("GET", f"{USERS}/{MATEO['user_id']}"),
    ),
    Call(
        tool="update_user",
        minimal={**MATEO, "role": "admin"},
        everything={**MATEO, "role": "admin", "first_name": "Matteo", "last_name": "Alvarez Ruiz"},
        failing=MATEO,
        sends=("PUT", f"{USERS}/{MATEO['user_id']}"),
    ),
    Call(
        tool="delete_user",
        minimal=MATEO,
        everything=MATEO,
        failing={"user_id": user_id("amara")},
        sends=("DELETE", f"{USERS}/{MATEO['user_id']}"),
    ),
    Call(
        tool="list_user_invites",
        minimal={},
        everything={
            "page_size": 2,
            "current_page": 0,
            "role": "member",
            "email": "nora.haas@brightwater.example",
            "status": "pending",
        },
        failing={"status": "lost"},
        sends=("GET", INVITES),
    ),
    Call(
        tool="get_user_invite",
        minimal=PENDING,
        everything=PENDING,
        failing=NOTHING,
        sends=("GET", f"{INVITES}/{PENDING['invite_id']}"),
    ),
    Call(
        tool="delete_user_invite",
        minimal=PENDING,
        everything=PENDING,
        failing=NOTHING,
        sends=("DELETE", f"{INVITES}/{PENDING['invite_id']}"),
    ),
    Call(
        tool="resend_user_invite",
        minimal=PENDING,
        everything=PENDING,
        failing=NOTHING,
        sends=("POST", f"{INVITES}/{PENDING['invite_id']}/resend"),
    ),
)
