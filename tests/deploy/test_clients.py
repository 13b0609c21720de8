"""deploy/clients and server.json: what clients and registries read, held against what the service says."""

from __future__ import annotations

import base64
import json
import re
import shlex
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import app
from app.settings.model import setting_fields, variables_of
from app.web.clients import NAME, setups
from tests.end_to_end.processes import ROOT

FOLDER = ROOT / "deploy" / "clients"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
ENDPOINT = "https://mcp.example.com/mcp"
LOCAL = "http://127.0.0.1:3000/mcp"
SETUPS = {setup.client: setup for setup in setups(ENDPOINT, auth_mode="bearer")}
SERVER = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))


def configuration(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(
    ("file", "servers", "address"),
    [
        ("claude-code.mcp.json", "mcpServers", "url"),
        ("cursor.mcp.json", "mcpServers", "url"),
        ("vscode.mcp.json", "servers", "url"),
        ("windsurf.mcp_config.json", "mcpServers", "serverUrl"),
    ],
)
def test_each_file_names_the_endpoint_and_sends_a_token_that_it_does_not_hold(
    file: str, servers: str, address: str
) -> None:
    server = configuration(file)[servers][NAME]

    assert server[address] == ENDPOINT
    assert re.fullmatch(r"Bearer \$\{[\w:-]+\}", server["headers"]["Authorization"])


def test_the_file_of_cursor_has_the_form_that_the_status_page_shows() -> None:
    shown = json.loads(SETUPS["Cursor"].text)["mcpServers"][NAME]
    ours = configuration("cursor.mcp.json")["mcpServers"][NAME]

    assert (ours["url"], set(ours), set(ours["headers"])) == (shown["url"], set(shown), set(shown["headers"]))


def test_the_file_of_vs_code_asks_for_what_it_uses() -> None:
    file = configuration("vscode.mcp.json")
    shown = json.loads(shlex.split(SETUPS["VS Code"].text)[2])

    assert file["servers"][NAME]["type"] == shown["type"]
    assert file["servers"][NAME]["headers"]["Authorization"] == f"Bearer ${{input:{file['inputs'][0]['id']}}}"
    assert file["inputs"][0]["password"] is True


def test_the_command_for_claude_code_is_that_of_the_status_page() -> None:
    assert SETUPS["Claude Code"].text in PAGE


def test_over_stdio_the_command_is_ours() -> None:
    server = configuration("claude-desktop.json")["mcpServers"][NAME]

    assert [server["command"], *server["args"]] == ["uvx", "portkey-admin-mcp", "stdio"]


def test_every_client_and_every_file_is_in_the_table() -> None:
    linked = set(re.findall(r"\]\(([\w.-]+\.json)\)", PAGE))

    assert linked == {file.name for file in FOLDER.glob("*.json")}
    assert not [client for client in SETUPS if client != "curl" and f"| {client}" not in PAGE]


def test_the_links_install_the_service_of_this_machine() -> None:
    (cursor,) = re.findall(r"`(cursor://\S+)`", PAGE)
    (code,) = re.findall(r"`(vscode:\S+)`", PAGE)
    query = parse_qs(urlsplit(cursor).query)

    assert query["name"] == [NAME]
    assert json.loads(base64.b64decode(query["config"][0])) == {"url": LOCAL}
    assert json.loads(unquote(code.partition("?")[2])) == {"name": NAME, "type": "http", "url": LOCAL}


def test_the_registry_entry_is_of_this_version_and_form() -> None:
    (package,) = SERVER["packages"]
    (remote,) = SERVER["remotes"]

    assert SERVER["version"] == package["version"] == app.__version__
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", SERVER["name"])
    assert len(SERVER["description"]) <= 100
    assert package["transport"] == {"type": "stdio"}
    assert [argument["value"] for argument in package["packageArguments"]] == ["stdio"]
    assert remote["type"] == "streamable-http"
    assert set(re.findall(r"\{(\w+)\}", remote["url"])) == set(remote["variables"])
    for header in remote["headers"]:
        assert set(re.findall(r"\{(\w+)\}", header["value"])) == set(header["variables"])


def test_the_registry_entry_names_settings_that_exist_and_keeps_secrets_secret() -> None:
    known = {variable for _, field in setting_fields() for variable in variables_of(field)}
    named = {entry["name"]: entry for entry in SERVER["packages"][0]["environmentVariables"]}

    assert set(named) <= known
    assert named["PORTKEY_API_KEY"]["isSecret"] is True


def test_the_readme_carries_the_name_by_which_the_registry_knows_the_package() -> None:
    assert f"mcp-name: {SERVER['name']}" in (ROOT / "README.md").read_text(encoding="utf-8")
