"""What every declared tool must be, whatever it does."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.catalog.introspect import path_names
from app.catalog.registry import DOMAINS, load_tools
from app.catalog.tool import Endpoint, Risk, Tool
from tests.catalog.desk import FORMS, TOOLS

MAX_BYTES = 3_072

# Domain, tool, required arguments, optional ones.
EXPECTED = """
workspaces list_scim_workspace_mappings | workspace_id scim_group_id role page page_size
workspaces create_scim_workspace_mapping workspace_id role | scim_group_id scim_group_name
workspaces delete_scim_workspace_mapping mapping_id |
workspaces list_scim_groups | search page page_size
workspaces list_workspaces | page_size current_page name exact_name status
workspaces get_workspace workspace_id |
workspaces create_workspace name | slug description is_default metadata users usage_limits rate_limits
workspaces update_workspace workspace_id | name slug description is_default metadata input_guardrails \
output_guardrails user_api_key_config usage_limits rate_limits
workspaces delete_workspace workspace_id | name force_delete
workspaces add_workspace_member workspace_id user_id role |
workspaces list_workspace_members workspace_id | current_page page_size role email
workspaces get_workspace_member workspace_id user_id |
workspaces update_workspace_member workspace_id user_id role |
workspaces remove_workspace_member workspace_id user_id |
configs list_configs | current_page page_size
configs get_config slug |
configs create_config name | workspace_id cache_mode cache_max_age retry_attempts retry_on_status_codes \
strategy_mode targets config is_default
configs update_config slug | name status cache_mode cache_max_age retry_attempts retry_on_status_codes \
strategy_mode targets config
configs delete_config slug |
configs list_config_versions slug |
prompts create_prompt name collection_id parameters virtual_key | string messages model ai_model_id \
finetune_id version_description template_metadata functions tools tool_choice is_raw_template dry_run
prompts list_prompts | collection_id workspace_id search current_page page_size
prompts get_prompt prompt_id |
prompts update_prompt prompt_id | name collection_id string messages parameters model virtual_key \
version_description template_metadata functions tools tool_choice is_raw_template dry_run
prompts delete_prompt prompt_id |
prompts publish_prompt prompt_id version |
prompts list_prompt_versions prompt_id |
prompts render_prompt prompt_id variables | hyperparameters
prompts run_prompt_completion prompt_id variables metadata | hyperparameters
prompts migrate_prompt name app env collection_id parameters virtual_key | string messages model \
version_description template_metadata functions tools tool_choice is_raw_template dry_run
prompts promote_prompt source_prompt_id target_collection_id target_env | target_name virtual_key
prompts validate_completion_metadata | client_id app env project_id feature
prompts get_prompt_version prompt_id version_id |
prompts update_prompt_version prompt_id version_id label_id |
"""

READ_ONLY_NAMES = ("get_", "list_", "render_", "validate_", "download_")
LOST = ("delete_", "remove_")


def _nodes(schema: Any) -> list[dict[str, Any]]:
    """The schema and all schemas inside it."""
    inner = [*schema.get("properties", {}).values()]
    if "items" in schema:
        inner.append(schema["items"])
    return [schema, *(node for part in inner for node in _nodes(part))]


every_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))


@pytest.mark.parametrize("line", EXPECTED.strip().splitlines())
def test_each_tool_takes_the_arguments_it_is_known_for(line: str) -> None:
    needed, _, others = line.partition(" |")
    domain, name, *required = needed.split()
    tool = TOOLS[name]
    schema: Any = FORMS[name]["inputSchema"]
    assert tool.domain == domain
    assert {*required, *others.split()} <= tool.inputs.model_fields.keys()
    assert set(schema.get("required", [])) == set(required)


def test_these_domains_have_no_further_tools() -> None:
    named = {line.split()[1] for line in EXPECTED.strip().splitlines()}
    assert {tool.name for tool in load_tools(("workspaces", "configs", "prompts"))} == named


@every_tool
def test_the_schema_is_plain_and_small(tool: Tool) -> None:
    form = FORMS[tool.name]
    assert len(orjson.dumps(form)) <= MAX_BYTES
    schema: Any = form["inputSchema"]
    for node in _nodes(schema):
        assert isinstance(node["type"], str)
        assert node["type"] != "null"
        known = {"type", "format", "enum", "description", "properties", "required", "items"}
        limits = {
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "maxLength",
            "minItems",
            "maxItems",
        }
        assert node.keys() <= known | limits
        assert set(node.get("required", [])) <= node.get("properties", {}).keys()


@every_tool
def test_every_argument_is_described_and_required_ones_come_first(tool: Tool) -> None:
    schema: Any = FORMS[tool.name]["inputSchema"]
    assert all(part["description"] for part in schema["properties"].values())
    required = schema.get("required", [])
    assert sorted(required) == sorted(list(schema["properties"])[: len(required)])


@every_tool
def test_what_stands_in_a_path_is_a_required_argument(tool: Tool) -> None:
    if isinstance(tool.call, Endpoint):
        assert path_names(tool.call.path) == tool.in_path
    assert all(tool.inputs.model_fields[name].is_required() for name in tool.in_path)


@every_tool
def test_risk_fits_the_name(tool: Tool) -> None:
    assert (tool.risk == Risk.READ) is tool.name.startswith(READ_ONLY_NAMES)
    if tool.name.startswith(LOST):
        assert tool.risk == Risk.DESTRUCTIVE
    if isinstance(tool.call, Endpoint) and tool.call.method == "GET":
        assert tool.risk == Risk.READ


@every_tool
def test_the_way_out_of_a_404_is_a_tool_there_is(tool: Tool) -> None:
    named = (tool.lookup,) if isinstance(tool.lookup, str) else tool.lookup or ()
    assert all(TOOLS[name].risk == Risk.READ for name in named)


@every_tool
def test_the_way_out_of_a_400_is_a_tool_there_is(tool: Tool) -> None:
    assert tool.form is None or TOOLS[tool.form].risk == Risk.READ


@every_tool
def test_scopes_are_named_in_full(tool: Tool) -> None:
    assert all(scope.count(".") == 1 for scope in tool.scopes)
    is_public = isinstance(tool.call, Endpoint) and tool.call.base == "public"
    assert tool.scopes or tool.enterprise or is_public or not tool.contacts_portkey


@every_tool
def test_rules_name_arguments_there_are(tool: Tool) -> None:
    fields = tool.inputs.model_fields.keys()
    for rule in tool.rules:
        names = [*getattr(rule, "names", ()), *getattr(rule, "others", ())]
        assert set(names) <= fields
        assert getattr(rule, "name", next(iter(fields))) in fields


def test_annotations_are_all_explicit() -> None:
    assert FORMS["run_prompt_completion"]["annotations"] == {
        "readOnlyHint": False,
        "destructiveHint": False,
        "idempotentHint": False,
        "openWorldHint": True,
    }
    assert FORMS["validate_completion_metadata"]["annotations"] == {
        "readOnlyHint": True,
        "destructiveHint": False,
        "idempotentHint": True,
        "openWorldHint": False,
    }
    assert FORMS["publish_prompt"]["annotations"] == {
        "readOnlyHint": False,
        "destructiveHint": False,
        "idempotentHint": True,
        "openWorldHint": True,
    }


def test_every_domain_has_tools() -> None:
    assert {tool.domain for tool in TOOLS.values()} == set(DOMAINS)
