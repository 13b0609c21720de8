"""Paths and queries: one spelling leads to a guarded route, and no other leads around its guards."""

from __future__ import annotations

from tests.hostile.row import Row
from tests.hostile.wire import get, post

_LIMIT = 8 * 1024


def _nowhere(name: str, target: str) -> Row:
    return Row(f"path: {name}", post(target=target), 404, "not_found", "bearer")


def _guarded(name: str, target: str) -> Row:
    """Another spelling of /mcp, which asks for the token as well."""
    return Row(f"path: {name}", post(target=target), 401, "unauthorized", "bearer")


def _selection(name: str, query: str) -> Row:
    return Row(f"path: {name}", post(target=f"/mcp?{query}"), 400, "bad_tool_selection")


PATHS = [
    _guarded("a slash at the end", "/mcp/"),
    _guarded("a letter percent-encoded", "/%6dcp"),
    _guarded("all percent-encoded", "/%6D%63%70"),
    _guarded("the slash at the end percent-encoded", "/mcp%2f"),
    _guarded("the first slash percent-encoded as well", "/%6dcp%2F"),
    _guarded("an empty query", "/mcp?"),
    _guarded("a query that looks like a probe", "/mcp?/health"),
    _nowhere("capitals", "/MCP"),
    _nowhere("capitals and a slash", "/MCP/"),
    _nowhere("mixed letters", "/Mcp"),
    _nowhere("two slashes before", "//mcp"),
    _nowhere("two slashes after", "/mcp//"),
    _nowhere("a parameter of the segment", "/mcp;x"),
    _nowhere("a parameter and a probe", "/mcp;/health"),
    _nowhere("a dot segment", "/./mcp"),
    _nowhere("dots that lead to a probe", "/mcp/../health"),
    _nowhere("dots that lead from a probe", "/health/../mcp"),
    _nowhere("dots percent-encoded", "/health/%2e%2e/mcp"),
    _nowhere("dots and slashes percent-encoded", "/health%2f..%2fmcp"),
    _nowhere("encoded twice", "/%256dcp"),
    _nowhere("a dot after it", "/mcp."),
    _nowhere("a blank after it", "/mcp%20"),
    _nowhere("a NUL after it", "/mcp%00"),
    _nowhere("a line break in it", "/mcp%0d%0aSet-Cookie:a=b"),
    _nowhere("a percent sign alone", "/mcp%"),
    _nowhere("a percent sign before no number", "/mcp%zz"),
    _nowhere("a slash as overlong UTF-8", "/mcp%c0%af"),
    _nowhere("a byte that is no UTF-8", "/mcp%ff"),
    _nowhere("full-width letters", "/%ef%bd%8dcp"),
    _nowhere("a backslash after it", "/mcp\\"),
    _nowhere("a question mark percent-encoded", "/mcp%3ftools=users"),
    _nowhere("a number sign percent-encoded", "/mcp%23"),
    _nowhere("a segment below", "/mcp/users"),
    _nowhere("the file of passwords", "/%2e%2e/%2e%2e/etc/passwd"),
    _nowhere("the settings", "/.env"),
    _nowhere("the repository", "/.git/config"),
    _nowhere("eight thousand letters", "/" + "a" * 8000),
    Row("path: longer than any may be", get("/" + "a" * _LIMIT), 414, "target_too_long", closes=True),
    Row(
        "path: a query longer than any may be",
        get("/mcp?" + "a" * _LIMIT),
        414,
        "target_too_long",
        closes=True,
    ),
    Row("path: a target of a megabyte", get("/" + "a" * 2**20), 414, "target_too_long", closes=True),
    Row("path: a slash after a probe", get("/health/"), 200),
    Row("path: a probe in capitals", get("/HEALTH"), 404, "not_found"),
    Row("path: a star", get("*"), 404, "not_found"),
    _selection("tools that are a path", "tools=../.."),
    _selection("tools that are nothing", "tools="),
    _selection("tools that are commas", "tools=,,,"),
    _selection("tools with a NUL", "tools=users%00"),
    _selection("tools with markup", "tools=<script>alert(1)</script>"),
    _selection("tools beyond UTF-8", "tools=%ff%fe"),
    _selection("tools twice, one unknown", "tools=users&tools=nothing"),
    _selection("three thousand tools", "tools=" + "a," * 3000),
    _selection("read_only that is neither", "read_only=maybe"),
    _selection("read_only that is empty", "read_only="),
    _selection("two hundred fields", "a=b&" * 200),
    Row("path: a query of signs alone", post(target="/mcp?%&&==;"), 200),
    Row("path: a query for other software", post(target="/mcp?utm_source=a&__proto__[x]=1"), 200),
]
