"""Reading prompts for the workflows that go on to write them."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Run, WorkflowStopped
from app.portkey.client import ApiRequest

PAGE_SIZE: Final = 100
MAX_PAGES: Final = 50


async def current_version(prompt_id: str, run: Run) -> JsonObject:
    """Return a prompt with the fields of its current version (`GET /prompts/{prompt_id}`).

    Raises:
        PortkeyError: Portkey refused.
        WorkflowStopped: The prompt has no current version.
    """
    prompt = await read_prompt(prompt_id, run)
    if not prompt.get("prompt_version_id"):
        raise WorkflowStopped(
            f"The prompt {prompt_id} has no current version.",
            next_step="Publish one of its versions with publish_prompt (list_prompt_versions shows them).",
        )
    return prompt


async def read_prompt(prompt_id: str, run: Run) -> JsonObject:
    """Return a prompt (`GET /prompts/{prompt_id}`). Raises `PortkeyError`."""
    answer = await run.call(ApiRequest("GET", "/prompts/{prompt_id}", path_params={"prompt_id": prompt_id}))
    return as_record(answer.data)


async def newer_version(prompt_id: str, current: JsonObject, run: Run) -> JsonObject | None:
    """Return the prompt with its newest version, or None when `current` has that one.

    Changes are based on the newest version, while a prompt is read with the published one.

    Raises:
        PortkeyError: Portkey refused.
    """
    where = {"prompt_id": prompt_id}
    data = (await run.call(ApiRequest("GET", "/prompts/{prompt_id}/versions", path_params=where))).data
    listed = data.get("data") if isinstance(data, dict) else data
    numbered = [(_number(version), version) for version in listed] if isinstance(listed, list) else []
    number, newest = max(numbered, key=itemgetter(0), default=(0, None))
    if not isinstance(newest, dict) or number <= _number(current):
        return None
    where["version_id"] = str(newest.get("id"))
    path = "/prompts/{prompt_id}/versions/{version_id}"
    return as_record((await run.call(ApiRequest("GET", path, path_params=where))).data)


def _number(version: JsonValue) -> int:
    number = version.get("prompt_version") if isinstance(version, dict) else None
    return number if isinstance(number, int) else 0


async def find_prompt(collection_id: str, name: str, run: Run) -> JsonObject | None:
    """Return the prompt of this name in a collection, or None when there is none.

    The case of letters does not matter, unless prompts differ in nothing else. All pages of the search are
    read, at most 5,000 prompts.

    Raises:
        PortkeyError: Portkey refused.
        WorkflowStopped: Several prompts have the name, or there are too many to tell.
    """
    matches: list[JsonObject] = []
    seen = 0
    for page in range(MAX_PAGES):
        items, total = await _search(collection_id, name, page, run)
        matches += [item for item in items if _is_called(name, item)]
        seen += len(items)
        if not items or (total is not None and seen >= total):
            break
    else:
        if not matches:
            raise WorkflowStopped(
                f"More than {seen:,} prompts in the collection match {name!r}, too many to find it by name.",
                next_step="Give a more distinctive name, or use update_prompt with the prompt's id.",
            )
    chosen = [item for item in matches if item["name"] == name] or matches
    if len(chosen) > 1:
        slugs = ", ".join(str(item.get("slug") or item["id"]) for item in chosen)
        raise WorkflowStopped(
            f"{len(chosen)} prompts in the collection are called {name!r}: {slugs}.",
            next_step="Rename all but one with update_prompt, or use update_prompt on the one you mean.",
        )
    return chosen[0] if chosen else None


def as_record(data: JsonValue) -> JsonObject:
    """Return the object in an answer, which may be wrapped in `data`; an empty one when there is none."""
    if not isinstance(data, dict):
        return {}
    inner = data.get("data")
    return inner if isinstance(inner, dict) and "id" not in data else data


async def _search(collection_id: str, name: str, page: int, run: Run) -> tuple[list[JsonObject], int | None]:
    query = [
        ("collection_id", collection_id),
        ("search", name),
        ("page_size", str(PAGE_SIZE)),
        ("current_page", str(page)),
    ]
    data = (await run.call(ApiRequest("GET", "/prompts", query=query))).data
    answer: JsonObject = data if isinstance(data, dict) else {"data": data}
    items, total = answer.get("data"), answer.get("total")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return found, total if isinstance(total, int) else None


def _is_called(name: str, prompt: JsonObject) -> bool:
    held = prompt.get("name")
    return isinstance(held, str) and held.casefold() == name.casefold() and isinstance(prompt.get("id"), str)
