"""Calls of the tools for partials."""

from __future__ import annotations

from tests.catalog.calls import Call

ALL = "/v1/prompts/partials"
TONE = {"prompt_partial_id": "ppl-tone-3c8f21"}
ONE = f"{ALL}/ppl-tone-3c8f21"
NOTHING = {"prompt_partial_id": "nothing"}

CALLS = (
    Call(
        tool="create_prompt_partial",
        minimal={"name": "Sign-off", "string": "Kind regards"},
        everything={
            "name": "Sign-off",
            "string": "Kind regards from {{team}}",
            "workspace_id": "ws-staging",
            "version_description": "First",
        },
        failing={"name": "Sign-off", "string": "Kind regards", "workspace_id": "nowhere"},
        sends=("POST", ALL),
    ),
    Call(
        tool="list_prompt_partials",
        minimal={},
        everything={"collection_id": "checkout-3f9a1c"},
        failing={"collection": "checkout-3f9a1c"},
        sends=("GET", ALL),
    ),
    Call(
        tool="get_prompt_partial",
        minimal=TONE,
        everything=TONE,
        failing=NOTHING,
        sends=("GET", ONE),
    ),
    Call(
        tool="update_prompt_partial",
        minimal={**TONE, "string": "Be brief."},
        everything={
            **TONE,
            "name": "Tone",
            "string": "Be brief.",
            "description": "Shorter",
            "status": "archived",
        },
        failing=TONE,
        sends=("PUT", ONE),
    ),
    Call(
        tool="delete_prompt_partial",
        minimal=TONE,
        everything=TONE,
        failing=NOTHING,
        sends=("DELETE", ONE),
    ),
    Call(
        tool="list_partial_versions",
        minimal=TONE,
        everything=TONE,
        failing=NOTHING,
        sends=("GET", f"{ONE}/versions"),
    ),
    Call(
        tool="publish_partial",
        minimal={**TONE, "version": 2},
        everything={**TONE, "version": 2},
        failing={**TONE, "version": 9},
        sends=("PUT", f"{ONE}/makeDefault"),
    ),
)
