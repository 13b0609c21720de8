"""The calls of the prompt tools."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.catalog.calls import Call

TICKET: Final = "pp-ticket-1f5d3a"
SUPPORT: Final = "support-replies-5be2d8"
NOTHING: Final = "pp-nothing"
VERSION: Final = seed_id("prompt_version", f"{TICKET}/1")

_NEW: Final[dict[str, Any]] = {
    "name": "Greeting",
    "collection_id": SUPPORT,
    "parameters": {"temperature": 0, "max_tokens": 100},
    "virtual_key": "azure-support-c85d20",
    "string": "Hello {{name}}",
    "model": "gpt-4o",
}
_WEATHER: Final = {"name": "weather", "description": "Of today.", "parameters": {"type": "object"}}
_VERSION: Final[dict[str, Any]] = {
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello {{name}}"}]}],
    "model": "gpt-4o",
    "version_description": "Shorter.",
    "template_metadata": {"owner": "desk"},
    "functions": [_WEATHER],
    "tools": [{"type": "function", "function": _WEATHER}],
    "tool_choice": {"mode": "function", "function_name": "weather"},
    "is_raw_template": False,
    "dry_run": False,
}
_REQUIRED: Final = {name: value for name, value in _NEW.items() if name not in ("string", "model")}
_BILLING: Final = {"client_id": "c-1", "app": "desk", "env": "prod"}
_VALUES: Final = {"customer": "Ada", "ticket": "The kettle leaks.", "amount": 12}
_PARAMETERS: Final = {"temperature": 0.1, "max_tokens": 50, "top_p": 1, "stop": ["."]}

CALLS: Final = (
    Call(
        tool="create_prompt",
        minimal=_NEW,
        everything={**_REQUIRED, **_VERSION, "ai_model_id": "m-1", "finetune_id": "f-1"},
        failing={**_NEW, "collection_id": "nowhere"},
        sends=("POST", "/v1/prompts"),
    ),
    Call(
        tool="list_prompts",
        minimal={},
        everything={
            "collection_id": SUPPORT,
            "workspace_id": "ws-customer-support",
            "search": "e",
            "current_page": 0,
            "page_size": 1,
        },
        failing={"page_size": 0},
        sends=("GET", "/v1/prompts"),
    ),
    Call(
        tool="get_prompt",
        minimal={"prompt_id": TICKET},
        everything={"prompt_id": TICKET},
        failing={"prompt_id": NOTHING},
        sends=("GET", f"/v1/prompts/{TICKET}/versions"),
    ),
    Call(
        tool="update_prompt",
        minimal={"prompt_id": TICKET, "string": "Hello {{name}}"},
        everything={
            "prompt_id": TICKET,
            "name": "Ticket summary",
            "collection_id": SUPPORT,
            "parameters": {"temperature": 0},
            "virtual_key": "azure-support-c85d20",
            **_VERSION,
        },
        failing={"prompt_id": TICKET},
        sends=("PUT", f"/v1/prompts/{TICKET}"),
    ),
    Call(
        tool="delete_prompt",
        minimal={"prompt_id": TICKET},
        everything={"prompt_id": TICKET},
        failing={"prompt_id": NOTHING},
        sends=("DELETE", f"/v1/prompts/{TICKET}"),
    ),
    Call(
        tool="publish_prompt",
        minimal={"prompt_id": TICKET, "version": 1},
        everything={"prompt_id": TICKET, "version": 3},
        failing={"prompt_id": TICKET, "version": 99},
        sends=("PUT", f"/v1/prompts/{TICKET}/makeDefault"),
    ),
    Call(
        tool="list_prompt_versions",
        minimal={"prompt_id": TICKET},
        everything={"prompt_id": TICKET},
        failing={"prompt_id": NOTHING},
        sends=("GET", f"/v1/prompts/{TICKET}/versions"),
    ),
    Call(
        tool="render_prompt",
        minimal={"prompt_id": TICKET, "variables": _VALUES},
        everything={"prompt_id": TICKET, "variables": _VALUES, "hyperparameters": _PARAMETERS},
        failing={"prompt_id": NOTHING, "variables": {}},
        sends=("POST", f"/v1/prompts/{TICKET}/render"),
        key=WORKSPACE_KEY,
    ),
    Call(
        tool="run_prompt_completion",
        minimal={"prompt_id": TICKET, "variables": _VALUES, "metadata": _BILLING},
        everything={
            "prompt_id": TICKET,
            "variables": _VALUES,
            "metadata": {**_BILLING, "project_id": "p-1", "feature": "replies", "shift": "night"},
            "hyperparameters": _PARAMETERS,
        },
        failing={"prompt_id": TICKET, "variables": _VALUES, "metadata": {"app": "desk"}},
        sends=("POST", f"/v1/prompts/{TICKET}/completions"),
        key=WORKSPACE_KEY,
    ),
    Call(
        tool="migrate_prompt",
        minimal={**_NEW, "app": "desk", "env": "staging"},
        everything={**_REQUIRED, **_VERSION, "app": "desk", "env": "staging"},
        failing={**_NEW, "app": "desk", "env": "staging", "virtual_key": "nowhere"},
        sends=("POST", "/v1/prompts"),
    ),
    Call(
        tool="promote_prompt",
        minimal={"source_prompt_id": TICKET, "target_collection_id": SUPPORT, "target_env": "prod"},
        everything={
            "source_prompt_id": TICKET,
            "target_collection_id": SUPPORT,
            "target_env": "prod",
            "target_name": "Ticket summary, live",
            "virtual_key": "azure-support-c85d20",
        },
        failing={"source_prompt_id": NOTHING, "target_collection_id": SUPPORT, "target_env": "prod"},
        sends=("POST", "/v1/prompts"),
    ),
    Call(
        tool="validate_completion_metadata",
        minimal={},
        everything={**_BILLING, "project_id": "p-1", "feature": "replies"},
        failing={"app": ""},
        sends=None,
    ),
    Call(
        tool="get_prompt_version",
        minimal={"prompt_id": TICKET, "version_id": VERSION},
        everything={"prompt_id": TICKET, "version_id": VERSION},
        failing={"prompt_id": TICKET, "version_id": "00000000-0000-4000-8000-000000000000"},
        sends=("GET", f"/v1/prompts/{TICKET}/versions/{VERSION}"),
    ),
    Call(
        tool="update_prompt_version",
        minimal={"prompt_id": TICKET, "version_id": VERSION, "label_id": None},
        everything={
            "prompt_id": TICKET,
            "version_id": VERSION,
            "label_id": seed_id("label", "production"),
        },
        failing={"prompt_id": TICKET, "version_id": VERSION, "label_id": "nowhere"},
        sends=("PUT", f"/v1/prompts/{TICKET}/versions/{VERSION}"),
    ),
)
