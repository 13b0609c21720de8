"""Calls of the tool for the audit log."""

from __future__ import annotations

from app.sandbox.company import ORGANISATION_ID, user_id
from tests.catalog.calls import Call

CALLS = (
    Call(
        tool="list_audit_logs",
        minimal={},
        everything={
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "now",
            "organisation_id": ORGANISATION_ID,
            "workspace_id": "ws-production",
            "user_id": user_id("jonas"),
            "user_type": "user",
            "action": "update",
            "resource_type": "configs",
            "method": "PUT",
            "uri": "/v1/configs/pc-old-ch-07d2b8",
            "response_status_code": 200,
            "request_id": "sandbox-1",
            "client_ip": "192.0.2.4",
            "country": "SE",
            "resource_id": "pc-old-ch-07d2b8",
            "page_size": 10,
            "current_page": 0,
        },
        failing={"start_time": "yesterday"},
        sends=("GET", "/v1/audit-logs"),
    ),
)
