"""Workflows over prompts: reading one with its versions, dry runs, and moving one between environments.

None of them publishes: what callers of a prompt get changes with `publish_prompt` only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Run, WorkflowStopped
from app.catalog.wire import as_flag, given
from app.catalog.workflows.prompt_comparison import differences, lacks
from app.catalog.workflows.prompt_lookup import (
    as_record,
    current_version,
    find_prompt,
    newer_version,
    read_prompt,
)
from app.portkey.client import ApiRequest
from app.portkey.errors import PortkeyError

if TYPE_CHECKING:
    from app.catalog.tools.prompts import (
        CreatePrompt,
        MigratePrompt,
        NewPrompt,
        OnePrompt,
        PromotePrompt,
        UpdatePrompt,
    )

_ENVIRONMENT: Final = re.compile(r"-(dev|staging|prod)$")
_NOT_PUBLISHED: Final = "A new version is not published: publish_prompt makes it the one that callers get."
_ALWAYS_COMPARED: Final = ("string", "parameters", "virtual_key")
_COMPARED_IF_GIVEN: Final = (
    "model",
    "version_description",
    "functions",
    "tools",
    "tool_choice",
    "is_raw_template",
)
_PROMOTED: Final = ("string", "parameters", "model", "functions", "tools", "tool_choice")


async def get_prompt(inputs: OnePrompt, run: Run) -> JsonValue:
    """Read a prompt and, at the same time, the list of its versions, which is shown without templates.

    Versions that cannot be read are `null`, with the reason in `versions_problem`: the prompt is worth more.

    Raises:
        PortkeyError: The prompt cannot be read.
    """
    # No task group: one that fails cancels the task that opened it, which an in-memory client may share.
    versions = asyncio.create_task(_versions(inputs.prompt_id, run))
    try:
        prompt = await read_prompt(inputs.prompt_id, run)
        return {**prompt, **await versions}
    finally:
        versions.cancel()
        await asyncio.gather(versions, return_exceptions=True)


async def _versions(prompt_id: str, run: Run) -> JsonObject:
    request = ApiRequest("GET", "/prompts/{prompt_id}/versions", path_params={"prompt_id": prompt_id})
    try:
        data = (await run.call(request)).data
    except PortkeyError as error:
        return {"version_count": None, "versions": None, "versions_problem": error.message}
    listed = data.get("data") if isinstance(data, dict) else data
    if not isinstance(listed, list):
        return {"version_count": None, "versions": None, "versions_problem": "Portkey's answer held no list."}
    versions: list[JsonValue] = [_without_template(version) for version in listed]
    return {"version_count": len(versions), "versions": versions}


def _without_template(version: JsonValue) -> JsonValue:
    if not isinstance(version, dict):
        return version
    return {name: value for name, value in version.items() if name != "prompt_template"}


async def preview_create(inputs: CreatePrompt, run: Run) -> JsonValue:  # noqa: ARG001 - calls nobody
    """Say what `create_prompt` would create. Nothing is sent."""
    template = _arguments(inputs)["string"]
    return {
        "dry_run": True,
        "action": "create",
        "message": f"The prompt {inputs.name!r} would be created. Nothing was sent.",
        "prompt_preview": {
            "name": inputs.name,
            "collection_id": inputs.collection_id,
            "model": inputs.model or inputs.ai_model_id or inputs.finetune_id,
            "template_length": len(str(template)),
            "parameter_count": len(inputs.parameters),
        },
    }


async def preview_update(inputs: UpdatePrompt, run: Run) -> JsonValue:
    """Say which of the arguments of `update_prompt` differ from the prompt's current version.

    Raises:
        PortkeyError: The prompt cannot be read.
    """
    current = await read_prompt(inputs.prompt_id, run)
    wanted = {name: value for name, value in _arguments(inputs).items() if name != "prompt_id"}
    changes: list[JsonValue] = [*differences(current, wanted)]
    version: JsonObject = {
        "id": current.get("prompt_version_id"),
        "number": current.get("prompt_version"),
        "description": current.get("prompt_version_description"),
    }
    return {
        "dry_run": True,
        "action": "update",
        "message": "These arguments would change the prompt." if changes else "Nothing would change.",
        "current_version": version if version["id"] else None,
        "changes": changes,
    }


async def migrate_prompt(inputs: MigratePrompt, run: Run) -> JsonValue:
    """Bring a prompt in a collection to this state: create it, update it, or leave it as it is.

    It is left as it is when its published version or its newest one is as given.

    Raises:
        PortkeyError: Portkey refused. Only the last request writes.
        WorkflowStopped: The prompt cannot be told by its name, or has no current version.
    """
    steps = 3
    wanted = _arguments(inputs)
    metadata: JsonObject = {**(inputs.template_metadata or {}), "app": inputs.app, "env": inputs.env}
    dry_run = bool(inputs.dry_run)
    await run.progress(0, steps, f"Looking for {inputs.name!r} in the collection")
    found = await find_prompt(inputs.collection_id, inputs.name, run)
    if found is None:
        if dry_run:
            return _migrated("created", "The prompt would be created.", {}, dry_run=True)
        await run.progress(2, steps, "Creating the prompt")
        body = _version(wanted) | {
            "name": inputs.name,
            "collection_id": inputs.collection_id,
            "template_metadata": {**metadata, "migrated_at": _now()},
        }
        created = await _create(body, run)
        await run.progress(steps, steps, "Created")
        return _migrated("created", "The prompt was created.", created, dry_run=False)

    await run.progress(1, steps, "Comparing with what is there")
    current = await current_version(str(found["id"]), run)
    where: JsonObject = {"prompt_id": found["id"], "slug": found.get("slug")}
    changes = _changes(current, wanted, metadata)
    if changes and (newer := await newer_version(str(found["id"]), current, run)):
        current, changes = newer, _changes(newer, wanted, metadata)
    if not changes:
        where["version_id"] = current.get("prompt_version_id")
        await run.progress(steps, steps, "Nothing to change")
        return _migrated("unchanged", "The prompt is already as given.", where, dry_run=dry_run)
    if dry_run:
        return _migrated("updated", "The prompt would be updated.", where, dry_run=True) | {
            "changes": changes
        }
    await run.progress(2, steps, "Updating the prompt")
    body = _version(wanted) | {"prompt_metadata": {**metadata, "migrated_at": _now()}}
    updated = where | await _update(str(found["id"]), body, run)
    await run.progress(steps, steps, "Updated")
    message = f"The prompt was updated. {_NOT_PUBLISHED}"
    return _migrated("updated", message, updated, dry_run=False) | {"changes": changes}


async def promote_prompt(inputs: PromotePrompt, run: Run) -> JsonValue:
    """Copy a prompt's current version to another environment's collection, under that environment's name.

    Raises:
        PortkeyError: Portkey refused. Only the last request writes.
        WorkflowStopped: There is nothing to copy, no key to run it with, or no one target.
    """
    steps = 3
    await run.progress(0, steps, "Reading the source")
    source = await current_version(inputs.source_prompt_id, run)
    name = inputs.target_name or _name_in(inputs.target_env, source)
    await run.progress(1, steps, f"Looking for {name!r} in the target collection")
    found = await find_prompt(inputs.target_collection_id, name, run)
    if found is not None and found["id"] == source.get("id"):
        raise WorkflowStopped(
            f"Source and target are the same prompt, {name!r}.",
            next_step="Give another target_collection_id, target_env or target_name.",
        )
    promoted_at = _now()
    body = _promoted(source, inputs)
    metadata = _promotion(source, inputs, promoted_at)
    await run.progress(2, steps, "Writing the target")
    if found is not None:
        written = await _update(str(found["id"]), {**body, "prompt_metadata": metadata}, run)
        target = {"prompt_id": found["id"], **written, "action": "updated"}
    elif "virtual_key" not in body:
        raise WorkflowStopped(
            "The source has no virtual key, and none was given.",
            next_step="Give virtual_key (list_virtual_keys shows them).",
        )
    else:
        place = {"name": name, "collection_id": inputs.target_collection_id}
        target = {**await _create({**place, **body, "template_metadata": metadata}, run), "action": "created"}
    await run.progress(steps, steps, "Promoted")
    return {
        "message": f"{name!r} was {target['action']}. {'' if found is None else _NOT_PUBLISHED}".rstrip(),
        "source": {"prompt_id": source.get("id"), "version_id": source["prompt_version_id"]},
        "target": target,
        "promoted_at": promoted_at,
    }


def _arguments(inputs: NewPrompt | UpdatePrompt) -> JsonObject:
    """What was given, by its name in Portkey, without what is for us."""
    values = {argument.name: value for argument, value in given(inputs) if argument.name != "dry_run"}
    if "messages" in values:
        values["string"] = values.pop("messages")
    return values


def _version(arguments: Mapping[str, JsonValue]) -> JsonObject:
    """The part of the arguments that makes up a version, but for its metadata."""
    return {name: arguments[name] for name in (*_ALWAYS_COMPARED, *_COMPARED_IF_GIVEN) if name in arguments}


def _changes(current: JsonObject, wanted: JsonObject, metadata: JsonObject) -> list[JsonValue]:
    changes: list[JsonValue] = [*differences(current, _version(wanted))]
    if lacks(current.get("template_metadata"), metadata):
        changes.append("template_metadata")
    return changes


def _migrated(action: str, message: str, where: JsonObject, *, dry_run: bool) -> JsonObject:
    return {
        "action": action,
        "dry_run": dry_run,
        "message": message,
        "prompt_id": where.get("prompt_id"),
        "slug": where.get("slug"),
        "version_id": where.get("version_id"),
    }


def _name_in(environment: str, source: JsonObject) -> str:
    name = source.get("name")
    if not isinstance(name, str) or not name:
        raise WorkflowStopped("The source prompt has no name.", next_step="Give target_name.")
    return f"{_ENVIRONMENT.sub('', name)}-{environment}"


def _promoted(source: JsonObject, inputs: PromotePrompt) -> JsonObject:
    body: JsonObject = {name: source[name] for name in _PROMOTED if source.get(name) is not None}
    if source.get("is_raw_template") is not None:
        body["is_raw_template"] = as_flag(source["is_raw_template"])
    if virtual_key := inputs.virtual_key or source.get("virtual_key"):
        body["virtual_key"] = virtual_key
    body["version_description"] = f"Promoted from {_slug(source)} v{source.get('prompt_version')}"
    return body


def _promotion(source: JsonObject, inputs: PromotePrompt, promoted_at: str) -> JsonObject:
    held = source.get("template_metadata")
    return {
        **(held if isinstance(held, dict) else {}),
        "env": inputs.target_env,
        "promoted_from": _slug(source),
        "promoted_from_version": str(source.get("prompt_version")),
        "promoted_at": promoted_at,
    }


def _slug(prompt: JsonObject) -> JsonValue:
    return prompt.get("slug") or prompt.get("id")


async def _create(body: JsonObject, run: Run) -> JsonObject:
    written = as_record((await run.call(ApiRequest("POST", "/prompts", body=body))).data)
    return {
        "prompt_id": written.get("id"),
        "slug": written.get("slug"),
        "version_id": written.get("version_id"),
    }


async def _update(prompt_id: str, body: JsonObject, run: Run) -> JsonObject:
    request = ApiRequest(
        "PUT", "/prompts/{prompt_id}", path_params={"prompt_id": prompt_id}, body={**body, "patch": True}
    )
    written = as_record((await run.call(request)).data)
    return {"version_id": written.get("prompt_version_id")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
