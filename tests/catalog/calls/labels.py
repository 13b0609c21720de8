"""Calls of the tools for labels."""

from __future__ import annotations

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

ALL = "/v1/labels"
CANARY = {"label_id": seed_id("label", "canary")}
ONE = f"{ALL}/{CANARY['label_id']}"

CALLS = (
    Call(
        tool="create_prompt_label",
        minimal={"name": "beta"},
        everything={
            "name": "beta",
            "organisation_id": ORGANISATION_ID,
            "workspace_id": "ws-staging",
            "description": "",
            "color_code": "#1A7F37",
        },
        failing={"name": "production"},
        sends=("POST", ALL),
    ),
    Call(
        tool="list_prompt_labels",
        minimal={},
        everything={
            "organisation_id": ORGANISATION_ID,
            "workspace_id": "ws-production",
            "search": "a",
            "page_size": 2,
            "current_page": 0,
        },
        failing={"page_size": 0},
        sends=("GET", ALL),
    ),
    Call(
        tool="get_prompt_label",
        minimal=CANARY,
        everything={**CANARY, "organisation_id": ORGANISATION_ID, "workspace_id": "ws-production"},
        failing={"label_id": "nothing"},
        sends=("GET", ONE),
    ),
    Call(
        tool="update_prompt_label",
        minimal={**CANARY, "name": "trial"},
        everything={**CANARY, "name": "trial", "description": "", "color_code": "#000000"},
        failing={**CANARY, "name": "latest"},
        sends=("PUT", ONE),
    ),
    Call(
        tool="delete_prompt_label",
        minimal=CANARY,
        everything=CANARY,
        failing={"label_id": "nothing"},
        sends=("DELETE", ONE),
    ),
)
