"""Versions of a prompt, their labels, and publishing: `/v1/prompts/{prompt}/versions`, `makeDefault`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, number, read_body, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject, as_int
from app.sandbox.lookup import require
from app.sandbox.prompt_records import (
    require_same_workspace,
    require_version,
    show_prompt_version,
    version_status,
    versions_of,
)
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_LABEL: Final[dict[str, Field]] = {"label_id": text(required=True, nullable=True)}
_PUBLISH: Final[dict[str, Field]] = {"version": number(1, whole=True, required=True)}


def list_versions(call: Call) -> JsonObject:
    """List the versions of a prompt, newest first."""
    prompt = require(call, "prompt", call.params["prompt"])
    newest_first = reversed(versions_of(call.store, prompt))
    shown: list[JsonObject] = [
        {
            "id": version["id"],
            "prompt_id": prompt["id"],
            "prompt_template": {"string": version["string"]},
            "prompt_version": version["number"],
            "prompt_description": version["version_description"],
            "label_id": version["label_id"],
            "created_at": version["created_at"],
            "status": version_status(prompt, version),
            "object": "prompt",
        }
        for version in newest_first
    ]
    return Filters(call.query).listing(shown)


def get_version(call: Call) -> JsonObject:
    """Return a prompt with one of its versions."""
    prompt = require(call, "prompt", call.params["prompt"])
    return show_prompt_version(call.store, prompt, require_version(call, prompt, call.params["version"]))


def label_version(call: Call) -> JsonObject:
    """Give a version a label, taking it from the version that had it; null takes the label away."""
    prompt = require(call, "prompt", call.params["prompt"])
    version = require_version(call, prompt, call.params["version"])
    label_id = read_body(call.body, _LABEL)["label_id"]
    if label_id is not None:
        label = call.store.resolve("label", str(label_id))
        if label is None:
            raise invalid([f"label_id: no label has the id {label_id!r}"])
        require_same_workspace(prompt, label, "label")
        for holder in call.store.find("prompt_version", prompt_id=str(prompt["id"]), label_id=str(label_id)):
            call.store.replace("prompt_version", {**holder, "label_id": None})
    call.store.replace("prompt_version", {**version, "label_id": label_id})
    return {}


def publish_version(call: Call) -> JsonObject:
    """Make the version with this number the published one."""
    prompt = require(call, "prompt", call.params["prompt"])
    wanted = as_int(read_body(call.body, _PUBLISH)["version"])
    if all(version["number"] != wanted for version in versions_of(call.store, prompt)):
        raise not_found("prompt version", str(wanted))
    call.store.replace("prompt", {**prompt, "default_version": wanted, "last_updated_at": call.now})
    return {}


def seed(store: Store) -> None:
    """Add nothing: versions come with their prompts."""


_ONE: Final = "/v1/prompts/{prompt}/versions/{version}"

ROUTES: Final = (
    Route("GET", "/v1/prompts/{prompt}/versions", "prompts.read", list_versions),
    Route("GET", _ONE, "prompts.read", get_version),
    Route("PUT", _ONE, "prompts.update", label_version),
    Route("PUT", "/v1/prompts/{prompt}/makeDefault", "prompts.publish", publish_version),
)
