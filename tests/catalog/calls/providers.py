"""The calls of the provider tools."""

from __future__ import annotations

from typing import Final

from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

OPENAI: Final = "openai-prod-4d1e7a"
INTEGRATION: Final = seed_id("integration", OPENAI)

_LIMITS: Final = {
    "usage_limits": {
        "credit_limit": 100,
        "type": "tokens",
        "alert_threshold": 80,
        "periodic_reset_days": 30,
        "next_usage_reset_at": "2031-01-01T00:00:00Z",
    },
    "rate_limits": [{"type": "tokens", "unit": "rph", "value": 0}],
}
_ONE: Final = {"slug": OPENAI, "workspace_id": "ws-production"}

CALLS: Final = (
    Call(
        tool="list_providers",
        minimal={},
        everything={"current_page": 0, "page_size": 1, "workspace_id": "ws-production"},
        failing={"workspace_id": "ws-nowhere"},
        sends=("GET", "/v1/providers"),
    ),
    Call(
        tool="create_provider",
        minimal={"name": "OpenAI reports", "integration_id": INTEGRATION},
        everything={
            "name": "OpenAI reports",
            "integration_id": INTEGRATION,
            "workspace_id": seed_id("workspace", "ws-staging"),
            "slug": "openai-reports",
            "note": "For the monthly reports.",
            "expires_at": "2031-01-01T00:00:00Z",
            **_LIMITS,
        },
        failing={"name": "OpenAI reports", "integration_id": "missing"},
        sends=("POST", "/v1/providers"),
    ),
    Call(
        tool="get_provider",
        minimal={"slug": OPENAI},
        everything=_ONE,
        failing={"slug": "missing"},
        sends=("GET", f"/v1/providers/{OPENAI}"),
    ),
    Call(
        tool="update_provider",
        minimal={"slug": OPENAI, "name": "Main"},
        everything={
            **_ONE,
            "name": "Main",
            "note": "",
            "expires_at": "2031-01-01T00:00:00Z",
            "reset_usage": False,
            **_LIMITS,
        },
        failing=_ONE,
        sends=("PUT", f"/v1/providers/{OPENAI}"),
    ),
    Call(
        tool="delete_provider",
        minimal={"slug": OPENAI},
        everything=_ONE,
        failing={"slug": "missing"},
        sends=("DELETE", f"/v1/providers/{OPENAI}"),
    ),
)
