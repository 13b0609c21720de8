from __future__ import annotations

import threading

import pytest

from app.auth.policy import ALLOW_ALL, Policy
from app.auth.portkey_key import brought_key, named_key
from app.catalog import index
from app.catalog.registry import load_tool
from app.catalog.tool import Tool
from app.catalog.toolbox import Toolbox
from app.sandbox.application import Sandbox
from app.sandbox.keys import ADMIN_KEY, NO_SCOPES_KEY, WORKSPACE_KEY
from tests.catalog.desk import FORMS, TOOLS, Desk, toolbox_over


def test_a_selection_has_what_the_policy_permits_in_catalogue_order(desk: Desk) -> None:
    everything = desk.toolbox.selection(ALLOW_ALL)
    assert [form["name"] for form in everything.tools] == list(TOOLS)
    reading = desk.toolbox.selection(Policy(read_only=True))
    assert {tool.risk for tool in reading.listed} == {"read"}
    configs = desk.toolbox.selection(Policy(domains=frozenset({"configs"})))
    assert len(configs.tools) == 6


def test_a_selection_answers_for_its_own_tools_only(desk: Desk) -> None:
    reading = desk.toolbox.selection(Policy(read_only=True))
    assert "get_config" in reading
    assert "delete_config" not in reading
    assert reading.tool("get_config") is TOOLS["get_config"]
    assert reading.tool("delete_config") is None
    assert reading.input_schema("get_config") == FORMS["get_config"]["inputSchema"]
    assert reading.input_schema("delete_config") is None
    assert reading.nearest("get_confg") == "get_config"
    assert reading.nearest("zzz") is None


def test_the_selection_of_a_policy_is_made_once(desk: Desk) -> None:
    assert desk.toolbox.selection(Policy(read_only=True)) is desk.toolbox.selection(Policy(read_only=True))


async def test_a_tool_outside_the_policy_is_no_tool(sandbox: Sandbox) -> None:
    reader = Desk(sandbox, policy=Policy(read_only=True))
    with pytest.raises(KeyError):
        await reader.call("delete_config", {"slug": "pc-checko-2b7f10"})
    assert await reader.requests() == []


async def test_without_a_key_a_call_says_how_to_set_one(sandbox: Sandbox) -> None:
    error = await Desk(sandbox, key=None).bad("list_configs")
    assert "PORTKEY_API_KEY" in error["next_step"]


@pytest.mark.parametrize("own", [ADMIN_KEY, None])
async def test_a_call_is_made_with_the_key_that_goes_with_the_caller(
    sandbox: Sandbox, own: str | None
) -> None:
    desk = Desk(sandbox, key=own, brings=named_key("support", WORKSPACE_KEY))
    await desk.good("list_configs")
    assert [request["key"] for request in await desk.requests()] == ["Support assistant"]


async def test_who_brings_a_wrong_key_is_told_to_look_at_that_one(sandbox: Sandbox) -> None:
    error = await Desk(sandbox, brings=brought_key(b"pk-nobody-knows-it")).bad("list_configs")
    assert error["status"] == 401
    assert "x-portkey-api-key" in error["next_step"]
    assert "PORTKEY_API_KEY" not in error["next_step"]


async def test_a_key_without_scopes_is_told_which(sandbox: Sandbox) -> None:
    error = await Desk(sandbox, key=NO_SCOPES_KEY).bad("list_configs")
    assert (error["status"], error["code"]) == (403, "AB03")
    assert "configs.list" in error["next_step"]


async def test_waiting_for_portkey_is_told_as_progress(sandbox: Sandbox) -> None:
    desk = Desk(sandbox)
    toolbox, _ = toolbox_over(sandbox, attempts=2)
    desk.toolbox = toolbox
    await desk.fault("status=429;retry_after=0;path=/prompts;times=1;method=POST")
    arguments = {
        "name": "n",
        "app": "a",
        "env": "e",
        "collection_id": "support-replies-5be2d8",
        "string": "s",
        "parameters": {},
        "virtual_key": "azure-support-c85d20",
    }
    await desk.good("migrate_prompt", **arguments)
    done = [step for step, _, _ in desk.told]
    assert done == [0, 2, 2, 3]
    assert desk.told[2][2].startswith("Portkey asked to wait")


async def test_a_tool_that_is_only_listed_is_declared_when_it_is_called(desk: Desk) -> None:
    loop_thread = threading.current_thread()
    declared: list[str] = []

    def declare(name: str, domain: str) -> Tool:
        assert threading.current_thread() is not loop_thread
        declared.append(f"{domain}/{name}")
        return load_tool(name, domain)

    given = desk.toolbox
    desk.toolbox = Toolbox(index.read(), FORMS, given._portkey, given._credential, declare=declare)
    for _ in range(2):
        await desk.good("list_workspaces")
    assert declared == ["workspaces/list_workspaces"]
    with pytest.raises(KeyError):
        await desk.toolbox.declaration("no_such_tool")
    with pytest.raises(LookupError):
        load_tool("no_such_tool", "workspaces")
