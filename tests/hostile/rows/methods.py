"""Methods: each route names those that work."""

from __future__ import annotations

from tests.hostile.row import Row
from tests.hostile.wire import get
from tests.hostile.world import TOKEN, ServiceName

_AUTHORIZED = f"Authorization: Bearer {TOKEN}"


def _not_allowed(method: str, path: str, allow: str, service: ServiceName = "open") -> Row:
    authorized = [_AUTHORIZED] if service == "sessions" else []
    where = f"{path} with sessions" if service == "sessions" else path
    code = None if method == "HEAD" else "method_not_allowed"
    request = get(path, *authorized, method=method)
    headers = {"allow": allow}
    if service == "clerk":
        headers["cross-origin-resource-policy"] = "cross-origin"
    return Row(f"method: {method} {where}", request, 405, code, service, headers)


METHODS = [
    *(
        _not_allowed(method, "/mcp", "POST")
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
    ),
    *(
        _not_allowed(method, "/mcp", "GET, POST, DELETE", "sessions")
        for method in ("HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "PURGE")
    ),
    *(
        _not_allowed(method, path, "GET, HEAD")
        for path in ("/", "/health", "/ready", "/auth/info")
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    ),
    *(
        _not_allowed(method, "/.well-known/oauth-protected-resource", "GET, HEAD, OPTIONS", "clerk")
        for method in ("POST", "PUT", "DELETE", "TRACE")
    ),
    *(
        Row(f"method: HEAD {path}", get(path, method="HEAD"), 200)
        for path in ("/health", "/ready", "/auth/info")
    ),
    Row("method: HEAD of nothing", get("/nowhere", method="HEAD"), 404),
    Row("method: OPTIONS of the whole server", get("*", method="OPTIONS"), 404, "not_found"),
    Row("method: DELETE of nothing", get("/nowhere", method="DELETE"), 404, "not_found"),
]
