"""The pages about the tools, written from their declarations so that they cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from app.catalog.inputs import Unlisted
from app.catalog.introspect import marker
from app.catalog.json_value import JsonObject
from app.catalog.paths import DISAGREEMENTS
from app.catalog.tool import Endpoint, Tool

_WRITTEN: Final = (
    "<!-- Written by `make catalog`. Change the declarations in app/catalog/tools, not this page. -->"
)
_ABOUT_TOOLS: Final = """\
`PORTKEY_TOOL_DOMAINS` and `?tools=` choose domains, `MCP_READ_ONLY` and `?read_only=true` leave tools that
read. **Risk** is `read`, `write` or `destructive` (something can be lost). Every `list_` and `get_` tool also
takes `fields`, the members to keep. Arguments in bold are required. *Also accepted* are other spellings, and
arguments that few need: they work, and are left out of the listing to keep it small."""
_ABOUT_ENDPOINTS: Final = """\
What each tool asks of Portkey. Paths begin at `PORTKEY_BASE_URL`, or where it says so at its `/v2` or at the
public origin."""
_ABOUT_PATHS: Final = """\
Where Portkey's documentation, its API description and what was seen to answer disagree, the path that answers
is used, then the API description."""


def tools_page(tools: Sequence[Tool], forms: Mapping[str, JsonObject]) -> str:
    """Return docs/tools.md: domain by domain, each tool with what it does and takes."""
    lines = [
        "# Tools",
        "",
        _WRITTEN,
        "",
        f"{len(tools)} tools in {len({tool.domain for tool in tools})} domains.",
        _ABOUT_TOOLS,
    ]
    for domain, group in groupby(tools, key=lambda tool: tool.domain):
        lines += ["", f"## {domain}"]
        for tool in group:
            lines += ["", *_tool(tool, forms[tool.name])]
    return "\n".join(lines) + "\n"


def endpoints_page(tools: Sequence[Tool]) -> str:
    """Return docs/endpoints.md: which requests the tools make, and where sources disagree about a path."""
    lines = [
        "# Endpoints",
        "",
        _WRITTEN,
        "",
        _ABOUT_ENDPOINTS,
        "",
        "| Tool | Requests |",
        "|---|---|",
        *(
            f"| `{tool.name}` | {'<br>'.join(f'`{call}`' for call in _calls(tool)) or 'none'} |"
            for tool in tools
        ),
        "",
        "## Documented paths against paths that answer",
        "",
        _ABOUT_PATHS,
        "",
        "| Endpoint | Used | Elsewhere | Why |",
        "|---|---|---|---|",
        *(f"| {what} | `{used}` | {other} | {why} |" for what, used, other, why in DISAGREEMENTS),
    ]
    return "\n".join(lines) + "\n"


def _tool(tool: Tool, form: JsonObject) -> Iterator[str]:
    yield f"### {tool.name}"
    yield ""
    yield tool.description
    yield ""
    facts = [f"Risk: {tool.risk}" + ("" if tool.risk == "read" or not tool.idempotent else ", idempotent")]
    if tool.scopes:
        facts.append(f"scopes: {', '.join(f'`{scope}`' for scope in tool.scopes)}")
    if tool.enterprise:
        facts.append("Enterprise plan")
    yield f"{'; '.join(facts)}. " + (", ".join(f"`{call}`" for call in _calls(tool)) or "Calls nothing.")
    schema: Any = form["inputSchema"]
    listed = {name: part for name, part in schema["properties"].items() if name != "fields"}
    if listed:
        yield ""
        yield "| Argument | Type | |"
        yield "|---|---|---|"
        for name, part in listed.items():
            shown = f"**`{name}`**" if name in schema.get("required", ()) else f"`{name}`"
            yield f"| {shown} | {_type(part)} | {_escaped(part['description'])} |"
    unlisted = [name for name, field in tool.inputs.model_fields.items() if marker(field, Unlisted)]
    if unlisted:
        yield ""
        yield f"Also accepted: {', '.join(f'`{name}`' for name in unlisted)}."


def _calls(tool: Tool) -> tuple[str, ...]:
    if not isinstance(tool.call, Endpoint):
        return tool.call.calls
    base = {"v1": "", "v2": " (v2)", "public": " (public)"}[tool.call.base]
    return (f"{tool.call.method} {tool.call.path}{base}",)


def _type(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if part["type"] == "array":
        return f"list of {part.get('items', {}).get('type', 'any')}"
    return str(part.get("format", part["type"]))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
