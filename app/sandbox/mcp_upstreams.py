"""The MCP servers that can be reached from the sandbox, by URL: their names and what they offer.

Any other URL can be registered too; the sandbox never finds out what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.sandbox.json_types import JsonObject, JsonValue

GITHUB_URL: Final = "https://api.githubcopilot.com/mcp/"
LINEAR_URL: Final = "https://mcp.linear.app/mcp"
REFUND_DESK_URL: Final = "https://mcp.brightwater.example/refund-desk"
WAREHOUSE_URL: Final = "https://mcp.brightwater.example/warehouse/sse"

_READS: Final[JsonObject] = {"readOnlyHint": True}
_DESTROYS: Final[JsonObject] = {"readOnlyHint": False, "destructiveHint": True}


@dataclass(frozen=True, slots=True)
class Upstream:
    """An MCP server.

    Attributes:
        name: What it calls itself.
        version: Its version.
        auth_type: How it wants to be called; it answers 401 to anything else.
        capabilities: What it offers, as Portkey shows it.
        milliseconds: How long it takes to answer.
        failure: Why it cannot be reached, or None.
    """

    name: str
    version: str
    auth_type: str
    capabilities: Sequence[JsonObject]
    milliseconds: int
    failure: str | None = None

    def flags(self) -> JsonObject:
        """Return the capabilities it announces when a client connects."""
        types = {str(item["type"]) for item in self.capabilities}
        flags: JsonObject = {}
        if "tool" in types:
            flags["tools"] = {"listChanged": True}
        if "prompt" in types:
            flags["prompts"] = {"listChanged": False}
        if types & {"resource", "resource_template"}:
            flags["resources"] = {"subscribe": False, "listChanged": False}
        return flags


def _capability(kind: str, name: str, title: str, description: str, **members: JsonValue) -> JsonObject:
    optional = ("icons", "input_schema", "output_schema", "execution", "annotations", "arguments")
    located = ("uri", "uri_template", "mime_type", "size")
    return {
        "name": name,
        "type": kind,
        "title": title,
        "description": description,
        **dict.fromkeys((*optional, *located)),
        **members,
    }


def _tool(
    name: str, description: str, annotations: JsonObject, required: Sequence[str], **properties: str
) -> JsonObject:
    schema: JsonObject = {
        "type": "object",
        "properties": {member: {"type": kind} for member, kind in properties.items()},
        "required": [*required],
    }
    title = name.replace("_", " ").capitalize()
    return _capability("tool", name, title, description, input_schema=schema, annotations=annotations)


_GITHUB: Final = (
    _tool("search_code", "Search code.", _READS, ["query"], query="string", page="integer"),
    _tool(
        "get_file_contents",
        "Read a file or folder of a repository.",
        _READS,
        ["owner", "repo", "path"],
        owner="string",
        repo="string",
        path="string",
    ),
    _tool("list_issues", "List issues.", _READS, ["owner", "repo"], owner="string", repo="string"),
    _tool(
        "create_issue",
        "Open an issue.",
        {},
        ["owner", "repo", "title"],
        owner="string",
        repo="string",
        title="string",
        body="string",
    ),
    _tool(
        "create_pull_request",
        "Open a pull request.",
        {},
        ["owner", "repo", "title", "head", "base"],
        owner="string",
        repo="string",
        title="string",
        head="string",
        base="string",
    ),
    _tool(
        "merge_pull_request",
        "Merge a pull request.",
        _DESTROYS,
        ["owner", "repo", "pull_number"],
        owner="string",
        repo="string",
        pull_number="integer",
    ),
    _tool(
        "delete_file",
        "Delete a file from a repository.",
        _DESTROYS,
        ["owner", "repo", "path", "message"],
        owner="string",
        repo="string",
        path="string",
        message="string",
    ),
    _capability(
        "prompt",
        "assign_open_issues",
        "Assign open issues",
        "Find open issues without an owner and propose one for each.",
        arguments=[
            {"name": "owner", "required": True},
            {"name": "repo", "required": True},
        ],
    ),
    _capability(
        "resource_template",
        "repository_content",
        "Repository content",
        "A file of a repository.",
        uri_template="repo://{owner}/{repo}/contents{/path*}",
    ),
)

_LINEAR: Final = (
    _tool("list_issues", "List issues.", _READS, [], team="string", assignee="string", state="string"),
    _tool("get_issue", "Read an issue.", _READS, ["id"], id="string"),
    _tool("create_issue", "Create an issue.", {}, ["title", "team"], title="string", team="string"),
    _tool("update_issue", "Change an issue.", {}, ["id"], id="string", state="string", assignee="string"),
    _tool("create_comment", "Comment on an issue.", {}, ["issueId", "body"], issueId="string", body="string"),
)

_REFUND_DESK: Final = (
    _tool("find_order", "Find an order by number or email.", _READS, [], number="string", email="string"),
    _tool("quote_refund", "Work out what may be refunded.", _READS, ["order"], order="string"),
    _tool(
        "issue_refund", "Pay a refund out.", _DESTROYS, ["order", "amount"], order="string", amount="number"
    ),
    _capability(
        "prompt",
        "refund_reply",
        "Refund reply",
        "Write the answer to a customer who asks for money back.",
        arguments=[{"name": "order", "description": "Order number.", "required": True}],
    ),
    _capability(
        "resource",
        "refund_policy",
        "Refund policy",
        "The rules of the support team.",
        uri="policy://refunds/current",
        mime_type="text/markdown",
        size=4182,
    ),
)

UPSTREAMS: Final[Mapping[str, Upstream]] = {
    GITHUB_URL: Upstream("github-mcp-server", "0.21.0", "oauth_auto", _GITHUB, 143),
    LINEAR_URL: Upstream("Linear", "1.4.2", "oauth_auto", _LINEAR, 96),
    REFUND_DESK_URL: Upstream("refund-desk", "2026.1.0", "headers", _REFUND_DESK, 38),
    WAREHOUSE_URL: Upstream("warehouse", "0.3.1", "none", (), 0, "connect ECONNREFUSED 203.0.113.17:443"),
}
