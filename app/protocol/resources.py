"""Two resources in Markdown: how to work with this server, and the tools of one domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcp_types import (
    Annotations,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from app.protocol.errors import ProtocolError
from app.protocol.guide import guide
from app.protocol.uris import DOMAIN_PREFIX, DOMAIN_TEMPLATE, GUIDE_URI, domains_of
from app.protocol.vocabulary import INVALID_PARAMS, MODERN_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.catalog.tool import Tool
    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.caller import Callers
    from app.protocol.context import RequestContext

_MARKDOWN: Final = "text/markdown"
_NOT_FOUND_2025: Final = -32002
"""The code of the 2025 revisions; 2026-07-28 says INVALID_PARAMS."""


class Resources:
    """Lists and reads the resources."""

    def __init__(self, toolbox: Toolbox, callers: Callers) -> None:
        self._toolbox = toolbox
        self._callers = callers

    async def list_resources(
        self, _ctx: RequestContext, _params: PaginatedRequestParams
    ) -> ListResourcesResult:
        """Return the guide."""
        page = Resource(
            uri=GUIDE_URI,
            name="guide",
            title="How to work with this server",
            description="Finding things, changing them safely, releasing prompts, reading errors.",
            mime_type=_MARKDOWN,
            annotations=Annotations(audience=["assistant"], priority=0.8),
        )
        return ListResourcesResult(resources=[page])

    async def list_templates(
        self, _ctx: RequestContext, _params: PaginatedRequestParams
    ) -> ListResourceTemplatesResult:
        """Return the template of the domain pages."""
        page = ResourceTemplate(
            uri_template=DOMAIN_TEMPLATE,
            name="tools",
            title="The tools of a domain",
            description="What each tool of a domain does, whether it changes anything, the scopes it needs.",
            mime_type=_MARKDOWN,
            annotations=Annotations(audience=["assistant"], priority=0.5),
        )
        return ListResourceTemplatesResult(resource_templates=[page])

    async def read(self, ctx: RequestContext, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Return one resource.

        Raises:
            ProtocolError: There is no such resource for this caller.
        """
        uri = str(params.uri)
        selection = self._toolbox.selection(self._callers.of(ctx).policy)
        text = await self._render(uri, selection)
        if text is None:
            modern = ctx.protocol_version in MODERN_VERSIONS
            known = ", ".join([GUIDE_URI, *(DOMAIN_PREFIX + domain for domain in domains_of(selection))])
            message = f"Resource not found. There are: {known}."
            raise ProtocolError(INVALID_PARAMS if modern else _NOT_FOUND_2025, message, {"uri": uri})
        return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=_MARKDOWN, text=text)])

    async def _render(self, uri: str, selection: Selection) -> str | None:
        if uri == GUIDE_URI:
            return guide(domains_of(selection))
        domain = uri.removeprefix(DOMAIN_PREFIX)
        if domain == uri or domain not in domains_of(selection):
            return None
        names = [tool.name for tool in selection.listed if tool.domain == domain]
        return _domain_page(domain, [await self._toolbox.declaration(name) for name in names])


def _domain_page(domain: str, tools: Iterable[Tool]) -> str:
    rows = "\n".join(_row(tool) for tool in tools)
    return f"# Tools for {domain}\n\n| tool | what it does | risk | scopes |\n|---|---|---|---|\n{rows}\n"


def _row(tool: Tool) -> str:
    plan = " (Enterprise)" if tool.enterprise else ""
    text = tool.description.replace("|", "\\|").replace("\n", " ")
    return f"| {tool.name} | {text}{plan} | {tool.risk} | {', '.join(tool.scopes)} |"
