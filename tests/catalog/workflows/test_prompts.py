"""Moving prompts: migrate_prompt and promote_prompt, and what they do with odd answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.catalog.workflows.prompt_lookup import MAX_PAGES
from tests.catalog.desk import Desk
from tests.catalog.scripted import Scripted

SUPPORT = "support-replies-5be2d8"
REFUND = "pp-refund-62c9e0"
REPLY = "Write a reply to {{customer}} about a refund of {{amount}}."
GREETING: dict[str, Any] = {
    "name": "Greeting",
    "app": "desk",
    "env": "dev",
    "collection_id": SUPPORT,
    "string": "Hello {{name}}",
    "parameters": {"temperature": 0.5},
    "virtual_key": "azure-support-c85d20",
    "model": "gpt-4o",
}
HELD: dict[str, Any] = {
    "id": "p-1",
    "slug": "pp-1",
    "name": "Greeting",
    "string": "Hello {{name}}",
    "parameters": {"temperature": 0.5, "model": "gpt-4o"},
    "prompt_version": 4,
    "prompt_version_id": "v-4",
    "virtual_key": "azure-support-c85d20",
    "model": "gpt-4o",
    "functions": None,
    "is_raw_template": False,
    "template_metadata": {"app": "desk", "env": "dev", "old": 1},
}


def _recent(moment: str) -> bool:
    age = datetime.now(UTC) - datetime.fromisoformat(moment)
    return timedelta(0) <= age + timedelta(milliseconds=2) < timedelta(minutes=1)


def _posts(requests: list[Any]) -> list[Any]:
    return [request["body"] for request in requests if request["method"] != "GET"]


async def test_migrating_creates_then_leaves_alone_then_updates(desk: Desk) -> None:
    created = await desk.good("migrate_prompt", **GREETING, template_metadata={"app": "other", "team": "a"})
    assert (created["action"], created["dry_run"]) == ("created", False)
    assert None not in (created["prompt_id"], created["slug"], created["version_id"])
    (body,) = _posts(await desk.requests())
    assert _recent(body["template_metadata"].pop("migrated_at"))
    assert body["template_metadata"] == {"app": "desk", "team": "a", "env": "dev"}
    assert (body["name"], body["collection_id"], body["string"]) == ("Greeting", SUPPORT, "Hello {{name}}")

    again = await desk.good("migrate_prompt", **{**GREETING, "name": "GREETING"})
    assert again["action"] == "unchanged"
    assert (again["prompt_id"], again["version_id"]) == (created["prompt_id"], created["version_id"])
    assert _posts(await desk.requests()) == []

    changed = {**GREETING, "parameters": {"temperature": 1}, "tool_choice": {"mode": "none"}}
    updated = await desk.good("migrate_prompt", **changed)
    assert (updated["action"], updated["changes"]) == ("updated", ["parameters", "tool_choice"])
    assert (updated["prompt_id"], updated["slug"]) == (created["prompt_id"], created["slug"])
    assert updated["version_id"] not in (None, created["version_id"])
    (body,) = _posts(await desk.requests())
    assert _recent(body["prompt_metadata"].pop("migrated_at"))
    assert body == {
        "string": "Hello {{name}}",
        "parameters": {"temperature": 1},
        "virtual_key": "azure-support-c85d20",
        "model": "gpt-4o",
        "tool_choice": "none",
        "prompt_metadata": {"app": "desk", "env": "dev"},
        "patch": True,
    }


async def test_migrating_twice_makes_one_version_though_it_is_not_published(desk: Desk) -> None:
    await desk.good("migrate_prompt", **GREETING)
    changed = {**GREETING, "string": "Good day {{name}}"}
    first = await desk.good("migrate_prompt", **changed)
    second = await desk.good("migrate_prompt", **changed)
    assert (first["action"], second["action"]) == ("updated", "unchanged")
    assert second["version_id"] == first["version_id"]
    assert len((await desk.good("list_prompt_versions", prompt_id=first["prompt_id"]))["data"]) == 2


async def test_migrating_messages_compares_what_they_say(desk: Desk) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    without = {name: value for name, value in GREETING.items() if name != "string"}
    await desk.good("migrate_prompt", **without, string=json.dumps(messages, indent=2))
    assert (await desk.good("migrate_prompt", **without, messages=messages))["action"] == "unchanged"
    longer = [*messages, *messages]
    assert (await desk.good("migrate_prompt", **without, messages=longer))["changes"] == ["string"]


async def test_a_dry_run_of_a_migration_invents_no_ids_and_writes_nothing(desk: Desk) -> None:
    data = await desk.good("migrate_prompt", **GREETING, dry_run=True)
    assert data == {
        "action": "created",
        "dry_run": True,
        "message": "The prompt would be created.",
        "prompt_id": None,
        "slug": None,
        "version_id": None,
    }
    refund = {**GREETING, "name": "refund reply", "string": REPLY, "model": "gpt-4o-mini"}
    held = await desk.good("migrate_prompt", **refund, dry_run=True)
    assert (held["action"], held["dry_run"], held["slug"]) == ("updated", True, REFUND)
    assert held["changes"] == ["parameters", "template_metadata"]
    assert _posts(await desk.requests()) == []


async def test_a_migration_says_how_far_it_is(desk: Desk) -> None:
    await desk.good("migrate_prompt", **GREETING)
    assert desk.told == [
        (0, 3, "Looking for 'Greeting' in the collection"),
        (2, 3, "Creating the prompt"),
        (3, 3, "Created"),
    ]


@pytest.mark.parametrize("given", [{}, {"messages": []}])
async def test_a_migration_takes_one_template(desk: Desk, given: Any) -> None:
    arguments = GREETING | given if given else {k: v for k, v in GREETING.items() if k != "string"}
    error = await desk.bad("migrate_prompt", **arguments)
    assert error["problems"][0]["problem"].startswith("give exactly one of string or messages")
    assert await desk.requests() == []


async def test_a_migration_whose_write_broke_off_says_that_it_may_have_happened(desk: Desk) -> None:
    await desk.fault("drop_after;method=POST")
    error = await desk.bad("migrate_prompt", **GREETING)
    assert error["may_have_been_applied"] is True
    assert error["next_step"] == "Check with list_prompts whether it was applied before you repeat it."
    await desk.fault(None)
    assert (await desk.good("migrate_prompt", **GREETING))["action"] == "unchanged"


async def test_a_lookup_that_fails_writes_nothing(desk: Desk) -> None:
    await desk.fault("status=500;method=GET")
    error = await desk.bad("migrate_prompt", **GREETING)
    assert error["status"] == 500
    assert _posts(await desk.requests()) == []


async def test_several_prompts_of_one_name_are_not_guessed_between(desk: Desk) -> None:
    twin = {**GREETING, "string": "Hi"}
    for name in ("app", "env"):
        del twin[name]
    await desk.good("create_prompt", **twin)
    await desk.good("create_prompt", **twin)
    await desk.requests()
    error = await desk.bad("migrate_prompt", **GREETING)
    assert error["code"] == "stopped"
    assert error["message"].startswith("2 prompts in the collection are called 'Greeting': pp-greeti-")
    assert error["message"].endswith("Nothing was changed.")
    assert _posts(await desk.requests()) == []


async def test_of_names_that_differ_in_case_only_the_one_as_written_is_meant(desk: Desk) -> None:
    upper = await desk.good("create_prompt", **_plain("GREETING"))
    exact = await desk.good("create_prompt", **_plain("Greeting"))
    moved = await desk.good("migrate_prompt", **GREETING)
    assert moved["prompt_id"] == exact["id"] != upper["id"]


def _plain(name: str) -> dict[str, Any]:
    kept = ("collection_id", "string", "parameters", "virtual_key", "model")
    return {"name": name} | {argument: GREETING[argument] for argument in kept}


async def test_a_prompt_is_found_on_a_later_page() -> None:
    filler = [{"id": f"x-{number}", "name": f"Greeting {number}"} for number in range(100)]
    pages = {"0": filler, "1": [{"name": "Greeting"}, {"id": "p-1", "name": "gReeting"}, "odd"]}
    portkey = Scripted(
        {
            "GET /prompts": lambda query: {"data": pages.get(query["current_page"], [])},
            "GET /prompts/p-1": {"data": HELD},
        }
    )
    data = await Desk(portkey).good("migrate_prompt", **GREETING)
    assert (data["action"], data["prompt_id"], data["slug"]) == ("unchanged", "p-1", None)
    assert data["version_id"] == "v-4"


async def test_a_search_without_end_is_given_up() -> None:
    portkey = Scripted({"GET /prompts": {"total": 10**6, "data": [{"id": "x", "name": "Greetings"}] * 100}})
    error = await Desk(portkey).bad("migrate_prompt", **GREETING)
    assert error["message"].startswith("More than 5,000 prompts in the collection match 'Greeting'")
    assert len(portkey.received) == MAX_PAGES


async def test_what_was_found_before_giving_up_is_used() -> None:
    portkey = Scripted(
        {
            "GET /prompts": lambda query: {
                "total": 10**6,
                "data": [
                    {"id": "p-1", "slug": "pp-1", "name": "Greeting" if query["current_page"] == "7" else "x"}
                ],
            },
            "GET /prompts/p-1": HELD,
        }
    )
    assert (await Desk(portkey).good("migrate_prompt", **GREETING))["action"] == "unchanged"


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([{"id": "v-4", "prompt_version": 4}], "updated"),
        ({"data": [{"id": "v-5", "prompt_version": 5}, "odd", {"prompt_version": "6"}]}, "unchanged"),
        ({"data": None}, "updated"),
        ([], "updated"),
    ],
)
async def test_the_newest_version_counts_in_whatever_form_it_is_listed(versions: Any, expected: str) -> None:
    newest = {**HELD, "string": "Servus {{name}}", "prompt_version": 5, "prompt_version_id": "v-5"}
    portkey = Scripted(
        {
            "GET /prompts": [{"id": "p-1", "name": "Greeting", "slug": "pp-1"}] * 1,
            "GET /prompts/p-1": HELD,
            "GET /prompts/p-1/versions": versions,
            "GET /prompts/p-1/versions/v-5": newest,
            "PUT /prompts/p-1": {},
        }
    )
    portkey.answers["GET /prompts"] = lambda query: (
        [{"id": "p-1", "name": "Greeting", "slug": "pp-1"}] if query["current_page"] == "0" else []
    )
    data = await Desk(portkey).good("migrate_prompt", **{**GREETING, "string": "Servus {{name}}"})
    assert data["action"] == expected
    assert data["version_id"] == ("v-5" if expected == "unchanged" else None)


async def test_a_write_with_an_odd_answer_is_still_a_success() -> None:
    portkey = Scripted({"GET /prompts": {"data": [], "total": 0}, "POST /prompts": b"created, thanks"})
    data = await Desk(portkey).good("migrate_prompt", **GREETING)
    assert (data["action"], data["prompt_id"], data["slug"], data["version_id"]) == (
        "created",
        None,
        None,
        None,
    )


async def test_a_prompt_without_a_current_version_is_not_migrated() -> None:
    portkey = Scripted(
        {
            "GET /prompts": {"data": [{"id": "p-1", "name": "Greeting"}], "total": 1},
            "GET /prompts/p-1": {**HELD, "prompt_version_id": None},
        }
    )
    error = await Desk(portkey).bad("migrate_prompt", **GREETING)
    assert error["message"] == "The prompt p-1 has no current version. Nothing was changed."
    assert "publish_prompt" in error["next_step"]


async def test_promoting_creates_the_target_then_updates_it(desk: Desk) -> None:
    source = await desk.good("create_prompt", **{**_plain("Reply-dev"), "tool_choice": {"mode": "auto"}})
    move = {"source_prompt_id": source["slug"], "target_collection_id": SUPPORT, "target_env": "prod"}
    await desk.requests()
    first = await desk.good("promote_prompt", **move)
    assert first["message"] == "'Reply-prod' was created."
    assert first["source"] == {"prompt_id": source["id"], "version_id": source["version_id"]}
    assert first["target"]["action"] == "created"
    (body,) = _posts(await desk.requests())
    assert body.pop("template_metadata") == {
        "env": "prod",
        "promoted_from": source["slug"],
        "promoted_from_version": "1",
        "promoted_at": first["promoted_at"],
    }
    assert body == {
        "name": "Reply-prod",
        "collection_id": SUPPORT,
        "string": "Hello {{name}}",
        "parameters": {"temperature": 0.5, "model": "gpt-4o"},
        "model": "gpt-4o",
        "tool_choice": "auto",
        "is_raw_template": 0,
        "virtual_key": "azure-support-c85d20",
        "version_description": f"Promoted from {source['slug']} v1",
    }
    second = await desk.good("promote_prompt", **move, virtual_key="azure-support-c85d20")
    assert second["target"]["action"] == "updated"
    assert second["target"]["prompt_id"] == first["target"]["prompt_id"]
    assert second["target"]["version_id"] not in (None, first["target"]["version_id"])
    (body,) = _posts(await desk.requests())
    assert body["patch"] is True
    assert body["prompt_metadata"]["env"] == "prod"
    assert "name" not in body
    assert "collection_id" not in body
    assert [done for done, _, _ in desk.told] == [0, 1, 2, 3] * 2


async def test_a_prompt_is_not_promoted_onto_itself(desk: Desk) -> None:
    error = await desk.bad(
        "promote_prompt",
        source_prompt_id=REFUND,
        target_collection_id=SUPPORT,
        target_env="prod",
        target_name="Refund reply",
    )
    assert error["message"] == "Source and target are the same prompt, 'Refund reply'. Nothing was changed."
    assert _posts(await desk.requests()) == []


async def test_promoting_needs_a_source(desk: Desk) -> None:
    move = {"target_collection_id": SUPPORT, "target_env": "prod"}
    assert (await desk.bad("promote_prompt", **move, source_prompt_id="pp-no"))["status"] == 404
    error = await desk.bad("promote_prompt", **move, source_prompt_id="a/../b")
    assert error["problems"][0]["argument"] == "source_prompt_id"


async def test_promoting_needs_a_virtual_key_only_for_a_new_target() -> None:
    source = {
        **HELD,
        "name": "Greeting-staging",
        "virtual_key": None,
        "template_metadata": None,
        "slug": None,
    }
    listed: list[Any] = []
    portkey = Scripted(
        {
            "GET /prompts/p-1": source,
            "GET /prompts": lambda _query: {"data": listed, "total": len(listed)},
            "PUT /prompts/p-2": {"prompt_version_id": "v-9"},
        }
    )
    move = {"source_prompt_id": "p-1", "target_collection_id": "c", "target_env": "prod"}
    error = await Desk(portkey).bad("promote_prompt", **move)
    assert error["message"] == "The source has no virtual key, and none was given. Nothing was changed."
    listed.append({"id": "p-2", "name": "Greeting-prod"})
    data = await Desk(portkey).good("promote_prompt", **move)
    assert data["target"] == {"prompt_id": "p-2", "version_id": "v-9", "action": "updated"}
    (body,) = portkey.bodies("PUT /prompts/p-2")
    assert "virtual_key" not in body
    assert body["version_description"] == "Promoted from p-1 v4"
    assert body["prompt_metadata"]["promoted_from"] == "p-1"


async def test_a_source_without_a_name_needs_a_name_for_the_target() -> None:
    bare = {"id": "p-1", "prompt_version_id": "v-1", "virtual_key": "k"}
    portkey = Scripted(
        {"GET /prompts/p-1": bare, "GET /prompts": {"data": [], "total": 0}, "POST /prompts": {}}
    )
    move = {"source_prompt_id": "p-1", "target_collection_id": "c", "target_env": "prod"}
    error = await Desk(portkey).bad("promote_prompt", **move)
    assert error["next_step"] == "Give target_name."
    data = await Desk(portkey).good("promote_prompt", **move, target_name="Named")
    assert data["target"] == {"prompt_id": None, "slug": None, "version_id": None, "action": "created"}


async def test_get_prompt_reads_versions_in_whatever_form_they_are_listed() -> None:
    portkey = Scripted(
        {"GET /prompts/p-1": HELD, "GET /prompts/p-1/versions": [{"id": "v", "prompt_template": "t"}, 1]}
    )
    desk = Desk(portkey)
    data = await desk.good("get_prompt", prompt_id="p-1")
    assert (data["version_count"], data["versions"]) == (2, [{"id": "v"}, 1])
    portkey.answers["GET /prompts/p-1/versions"] = b"soon"
    data = await desk.good("get_prompt", prompt_id="p-1")
    assert data["versions_problem"] == "Portkey's answer held no list."
    portkey.answers["GET /prompts/p-1"] = b"soon"
    assert (await desk.good("get_prompt", prompt_id="p-1"))["version_count"] is None
    preview = await desk.good("update_prompt", prompt_id="p-1", model="m", dry_run=True)
    assert (preview["current_version"], preview["changes"]) == (None, ["model"])
