"""Checks billing metadata without asking Portkey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Run

if TYPE_CHECKING:
    from app.catalog.tools.prompts import CompletionMetadata

_REQUIRED: Final = {
    "client_id": "the customer to bill",
    "app": "the application",
    "env": "the environment",
}


async def validate_completion_metadata(inputs: CompletionMetadata, run: Run) -> JsonValue:  # noqa: ARG001 - calls nobody
    """Say whether `run_prompt_completion` would take this metadata.

    Metadata that lacks something is an answer with `valid` false, not an error.
    """
    metadata: JsonObject = inputs.model_dump(exclude_none=True)
    errors: list[JsonValue] = [
        f"{name} is missing: it names {meaning}"
        for name, meaning in _REQUIRED.items()
        if not metadata.get(name)
    ]
    advised = "project_id is missing: without it costs cannot be told apart by project"
    warnings: list[JsonValue] = [] if metadata.get("project_id") else [advised]
    return {"valid": not errors, "errors": errors, "warnings": warnings, "metadata": metadata}
