"""The tools there are, in the order clients see them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from app.catalog.tool import Tool

DOMAINS = (
    "users",
    "workspaces",
    "configs",
    "deployments",
    "keys",
    "collections",
    "prompts",
    "analytics",
    "guardrails",
    "limits",
    "audit",
    "labels",
    "partials",
    "tracing",
    "logging",
    "providers",
    "secret-references",
    "integrations",
    "mcp-integrations",
    "mcp-servers",
)
"""The domains, in listing order. Each has a module of its name (`-` as `_`) in `app.catalog.tools`."""


def load_tool(name: str, domain: str) -> Tool:
    """Return one declared tool, ready to be called. Imports the module of its domain.

    Raises:
        LookupError: There is none of this name.
    """
    for tool in _declared(domain):
        if tool.name == name:
            tool.inputs.model_rebuild()
            return tool
    raise LookupError(name)


def load_tools(domains: Iterable[str] = DOMAINS) -> tuple[Tool, ...]:
    """Return the declared tools of these domains.

    Raises:
        ValueError: Two tools share a name, or a tool stands in another domain's module.
    """
    tools: list[Tool] = []
    for domain in domains:
        declared = _declared(domain)
        if strays := [tool.name for tool in declared if tool.domain != domain]:
            msg = f"declared in the module of {domain}, but of another domain: {', '.join(strays)}"
            raise ValueError(msg)
        tools.extend(declared)
    names = [tool.name for tool in tools]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        msg = f"declared twice: {', '.join(twice)}"
        raise ValueError(msg)
    return tuple(tools)


def _declared(domain: str) -> tuple[Tool, ...]:
    declared: tuple[Tool, ...] = import_module(f"app.catalog.tools.{domain.replace('-', '_')}").TOOLS
    return declared
