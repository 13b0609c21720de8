"""Prompts and their versions as they are kept and shown, for all endpoints that concern them."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import forbidden, not_found
from app.sandbox.json_types import JsonObject, JsonValue, as_int, as_object
from app.sandbox.lookup import require
from app.sandbox.routing import Call
from app.sandbox.store import Store
from app.sandbox.templates import variable_names

# What a version consists of; the names are those of the request bodies.
CONTENT: Final = (
    "string",
    "parameters",
    "model",
    "functions",
    "tools",
    "tool_choice",
    "is_raw_template",
    "template_metadata",
)


def new_version(version_id: str, prompt: JsonObject, content: JsonObject, created_at: str) -> JsonObject:
    """Return a version of `prompt`, numbered after its last one.

    Args:
        version_id: Its id.
        prompt: The prompt; its `last_version` is counted up.
        content: The members named in `CONTENT`, `virtual_key` and `version_description`, if given.
        created_at: Its time.
    """
    number = as_int(prompt["last_version"]) + 1
    prompt["last_version"] = number
    parameters = as_object(content.get("parameters"))
    model = content.get("model") or parameters.get("model")
    return {
        "id": version_id,
        "prompt_id": prompt["id"],
        "workspace_id": prompt["workspace_id"],
        "number": number,
        "label_id": None,
        "created_at": created_at,
        "version_description": content.get("version_description") or "",
        "virtual_key": content.get("virtual_key"),
        **{name: content.get(name) for name in CONTENT},
        "is_raw_template": content.get("is_raw_template", 0),
        "template_metadata": content.get("template_metadata") or {},
        "model": model,
        "parameters": {**parameters, "model": model} if model else parameters,
    }


def versions_of(store: Store, prompt: JsonObject) -> list[JsonObject]:
    """Return the versions of a prompt, oldest first."""
    return store.find("prompt_version", prompt_id=str(prompt["id"]))


def default_version(store: Store, prompt: JsonObject) -> JsonObject:
    """Return the published version of a prompt."""
    return store.find(
        "prompt_version", prompt_id=str(prompt["id"]), number=as_int(prompt["default_version"])
    )[0]


def resolve_prompt(call: Call, reference: str) -> tuple[JsonObject, JsonObject]:
    """Return the prompt and version that a reference means.

    Args:
        call: The request.
        reference: An id or slug, for the published version; with `@latest`, `@` and a version number, or
            `@` and the name of a label, that version.

    Raises:
        ApiError: 404 if there is no such prompt or version, 403 if it belongs to another workspace.
    """
    name, _, wanted = reference.partition("@")
    prompt = require(call, "prompt", name)
    if not wanted:
        return prompt, default_version(call.store, prompt)
    versions = versions_of(call.store, prompt)
    if wanted == "latest":
        return prompt, versions[-1]
    labels = [label["id"] for label in call.store.find("label", name=wanted)]
    for version in versions:
        if wanted == str(version["number"]) or version["label_id"] in labels:
            return prompt, version
    raise not_found("prompt version", reference)


def require_version(call: Call, prompt: JsonObject, version_id: str) -> JsonObject:
    """Return the version of `prompt` with this id.

    Raises:
        ApiError: 404 if there is none.
    """
    version = call.store.resolve("prompt_version", version_id)
    if version is None or version["prompt_id"] != prompt["id"]:
        raise not_found("prompt version", version_id)
    return version


def require_same_workspace(prompt: JsonObject, record: JsonObject, noun: str) -> None:
    """Refuse to let a prompt refer to a record of another workspace.

    Raises:
        ApiError: 403.
    """
    if record["workspace_id"] not in (None, prompt["workspace_id"]):
        raise forbidden(f"The {noun} belongs to another workspace than the prompt.")


def show_prompt(prompt: JsonObject, version: JsonObject) -> JsonObject:
    """Return a prompt as lists show it."""
    shown = ("id", "collection_id", "name", "slug", "created_at", "last_updated_at", "status")
    return {
        **{name: prompt[name] for name in shown},
        "access_level": "workspace",
        "share_organisation_id": None,
        "shared_at": None,
        "shared_by_user_id": None,
        "shared_from_version_id": None,
        "allow_all_workspaces": 0,
        "forked_from_prompt_id": None,
        "forked_from_prompt_version_id": None,
        "prompt_owning_workspace_id": prompt["workspace_id"],
        "model": version["model"],
        "object": "prompt",
    }


def show_prompt_version(store: Store, prompt: JsonObject, version: JsonObject) -> JsonObject:
    """Return a prompt together with one of its versions, flat as Portkey does."""
    label = store.resolve("label", str(version["label_id"])) if version["label_id"] else None
    labels: list[JsonValue] = [{"id": label["id"], "name": label["name"]}] if label else []
    return {
        **show_prompt(prompt, version),
        "prompt_version_id": version["id"],
        "prompt_version": version["number"],
        "prompt_version_description": version["version_description"],
        "prompt_version_status": version_status(prompt, version),
        "variable_components": {"variables": [*variable_names(str(version["string"]))]},
        **{name: version[name] for name in CONTENT},
        "prompt_version_label_id": version["label_id"],
        "prompt_version_label_name": label["name"] if label else None,
        "prompt_version_labels": labels,
        "virtual_key": version["virtual_key"],
    }


def version_status(prompt: JsonObject, version: JsonObject) -> str:
    """Return `active` for the published version of a prompt and `archived` for the others."""
    return "active" if version["number"] == prompt["default_version"] else "archived"
