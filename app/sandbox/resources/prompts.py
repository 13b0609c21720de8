"""Prompts: `/v1/prompts`."""

from __future__ import annotations

import json
from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, mapping, note, one_of, read_body, switch, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject
from app.sandbox.lookup import matches_reference, may_see, require, visible
from app.sandbox.prompt_records import (
    CONTENT,
    default_version,
    new_version,
    require_same_workspace,
    resolve_prompt,
    show_prompt,
    show_prompt_version,
    versions_of,
)
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CONTENT_FIELDS: Final[dict[str, Field]] = {
    "model": text(),
    "functions": items(mapping(), nullable=True),
    "tools": items(mapping(), nullable=True),
    "tool_choice": one_of(
        text(choices=("auto", "none", "required")), mapping(), expected="auto, none, required or an object"
    ),
    "is_raw_template": switch(),
    "version_description": note(),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "collection_id": text(required=True),
    "string": text(required=True),
    "parameters": mapping(required=True),
    "virtual_key": text(required=True),
    "ai_model_id": text(),
    "finetune_id": text(),
    "template_metadata": mapping(nullable=True),
    **_CONTENT_FIELDS,
}
_UPDATE: Final[dict[str, Field]] = {
    "patch": flag(),
    "name": text(),
    "collection_id": text(),
    "string": text(),
    "parameters": mapping(),
    "virtual_key": text(),
    "prompt_metadata": mapping(nullable=True),
    **_CONTENT_FIELDS,
}
_WHOLE_VERSION: Final = ("string", "parameters", "model")

_SUMMARY_PROMPT: Final = json.dumps(
    [
        {"role": "system", "content": "You summarise support tickets in {{language}}."},
        {"role": "user", "content": "Ticket from {{customer}}:\n{{ticket}}"},
    ]
)
_SHORTER_SUMMARY_PROMPT: Final = _SUMMARY_PROMPT.replace("tickets in", "tickets in one sentence, in")

# slug, name, collection, virtual key and model, published version, templates with labels from the oldest
_SEED: Final = (
    (
        "pp-ticket-1f5d3a",
        "Ticket summary",
        ("support-replies-5be2d8", "ws-customer-support"),
        ("azure-support-c85d20", "gpt-4o"),
        2,
        (
            ("Summarise: {{ticket}}", "archive"),
            (_SUMMARY_PROMPT, "production"),
            (_SHORTER_SUMMARY_PROMPT, "staging"),
        ),
    ),
    (
        "pp-refund-62c9e0",
        "Refund reply",
        ("support-replies-5be2d8", "ws-customer-support"),
        ("azure-support-c85d20", "gpt-4o-mini"),
        1,
        (("Write a reply to {{customer}} about a refund of {{amount}}.", None),),
    ),
    (
        "pp-upsell-d47b18",
        "Upsell line",
        ("checkout-3f9a1c", "ws-production"),
        ("openai-prod-4d1e7a", "gpt-4o-mini"),
        1,
        (("Suggest one product that goes with {{product}}.", "production"),),
    ),
)


def list_prompts(call: Call) -> JsonObject:
    """List the prompts of a collection, workspace or search."""
    filters = Filters(call.query, choices={"status": ("active", "archived")})
    collection, workspace, search = (
        filters.one("collection_id"),
        filters.one("workspace_id"),
        filters.one("search"),
    )
    statuses = filters.many("status") or ["active"]
    found = [
        show_prompt(prompt, default_version(call.store, prompt))
        for prompt in visible(call, "prompt")
        if prompt["status"] in statuses
        and matches(search, prompt["name"])
        and matches_reference(call, "collection", prompt["collection_id"], collection)
        and matches_reference(call, "workspace", prompt["workspace_id"], workspace)
    ]
    return filters.listing(found)


def create_prompt(call: Call) -> JsonObject:
    """Create a prompt; its first version is published at once."""
    body = read_body(call.body, _CREATE)
    collection = call.store.resolve("collection", str(body["collection_id"]))
    if collection is None or not may_see(call, collection):
        raise invalid(
            [*_unknown_key(call, body), f"collection_id: no collection matches {body['collection_id']!r}"]
        )
    if problems := _unknown_key(call, body):
        raise invalid(problems)
    prompt_id = call.store.new_id("prompt")
    slug = make_slug("pp", str(body["name"]), prompt_id)
    prompt = _prompt(prompt_id, slug, str(body["name"]), collection, call.now)
    version = new_version(call.store.new_id("prompt_version"), prompt, body, call.now)
    call.store.insert("prompt", prompt, {"slug": slug})
    call.store.insert("prompt_version", version)
    return {"id": prompt_id, "slug": slug, "version_id": version["id"], "object": "prompt"}


def get_prompt(call: Call) -> JsonObject:
    """Return a prompt with its published version, or the one that the reference names."""
    prompt, version = resolve_prompt(call, call.params["prompt"])
    return show_prompt_version(call.store, prompt, version)


def update_prompt(call: Call) -> JsonObject:
    """Change a prompt; new content makes a new version, based on the latest one if `patch` is set."""
    prompt = require(call, "prompt", call.params["prompt"])
    body = read_body(call.body, _UPDATE)
    if not body.keys() - {"patch"}:
        raise invalid([f"give at least one of {', '.join(name for name in _UPDATE if name != 'patch')}"])
    problems = _unknown_key(call, body)
    if "collection_id" in body:
        collection = require(call, "collection", str(body["collection_id"]))
        require_same_workspace(prompt, collection, "collection")
        prompt["collection_id"] = collection["id"]
    given = {name: value for name, value in body.items() if name not in ("patch", "name", "collection_id")}
    if "prompt_metadata" in given:
        given["template_metadata"] = given.pop("prompt_metadata")
    has_content = any(name in given for name in CONTENT)
    missing = [name for name in _WHOLE_VERSION if name not in given]
    if has_content and missing and not body.get("patch"):
        problems.append(
            f"{', '.join(missing)} must be given too, or set patch to keep the values of the latest version"
        )
    if problems:
        raise invalid(problems)
    prompt |= {"name": body.get("name", prompt["name"]), "last_updated_at": call.now}
    latest = versions_of(call.store, prompt)[-1]
    if has_content:
        version = new_version(call.store.new_id("prompt_version"), prompt, {**latest, **given}, call.now)
        call.store.insert("prompt_version", version)
    else:
        version = {**latest, **given}
        call.store.replace("prompt_version", version)
    call.store.replace("prompt", prompt)
    return {"id": prompt["id"], "slug": prompt["slug"], "prompt_version_id": version["id"]}


def delete_prompt(call: Call) -> JsonObject:
    """Delete a prompt with its versions."""
    prompt = require(call, "prompt", call.params["prompt"])
    for version in versions_of(call.store, prompt):
        call.store.delete("prompt_version", str(version["id"]))
    call.store.delete("prompt", str(prompt["id"]))
    return {}


def seed(store: Store) -> None:
    """Add the company's prompts."""
    for day, (slug, name, (collection, workspace), (key, model), published, templates) in enumerate(
        _SEED, start=10
    ):
        place: JsonObject = {"id": seed_id("collection", collection), "workspace_id": workspace_id(workspace)}
        prompt = _prompt(seed_id("prompt", slug), slug, name, place, seed_day(day))
        for number, (template, label) in enumerate(templates, start=1):
            content: JsonObject = {
                "string": template,
                "parameters": {"temperature": 0.2, "max_tokens": 100 * number},
                "model": model,
                "virtual_key": key,
                "version_description": f"Draft {number}",
            }
            version_id = seed_id("prompt_version", f"{slug}/{number}")
            version = new_version(version_id, prompt, content, seed_day(day + number))
            version["label_id"] = seed_id("label", label) if label else None
            store.insert("prompt_version", version)
        store.insert("prompt", {**prompt, "default_version": published}, {"slug": slug})


def _prompt(prompt_id: str, slug: str, name: str, collection: JsonObject, created_at: str) -> JsonObject:
    return {
        "id": prompt_id,
        "slug": slug,
        "name": name,
        "collection_id": collection["id"],
        "workspace_id": collection["workspace_id"],
        "status": "active",
        "default_version": 1,
        "last_version": 0,
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _unknown_key(call: Call, body: JsonObject) -> list[str]:
    if "virtual_key" not in body:
        return []
    found = call.store.resolve("virtual_key", str(body["virtual_key"]).removeprefix("@"))
    if found is not None and may_see(call, found):
        return []
    return [f"virtual_key: no virtual key matches {body['virtual_key']!r}"]


_ALL: Final = "/v1/prompts"
_ONE: Final = "/v1/prompts/{prompt}"

ROUTES: Final = (
    Route("GET", _ALL, "prompts.list", list_prompts),
    Route("POST", _ALL, "prompts.create", create_prompt),
    Route("GET", _ONE, "prompts.read", get_prompt),
    Route("PUT", _ONE, "prompts.update", update_prompt),
    Route("DELETE", _ONE, "prompts.delete", delete_prompt),
)
