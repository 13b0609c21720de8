"""The audit log: who changed what in the organisation, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from app.catalog.inputs import InQuery, Paged, Time, Unlisted, optional
from app.catalog.rules import NotTogether
from app.catalog.tool import Risk, Tool, Workflow
from app.catalog.workflows.audit import list_audit_logs

DOMAIN = "audit"


class ListAuditLogs(Paged):
    # Portkey's description requires the first three. Clients have always left them out, so they may be here.
    start_time: Time | None = optional("ISO or -7d.")
    end_time: Time | None = optional("Or now.")
    organisation_id: str | None = optional("From get_workspace.")
    workspace_id: str | None = optional("Id or slug.")
    user_id: str | None = optional("User or key id.")
    user_type: Annotated[Literal["user", "api_key"] | None, Unlisted()] = optional("Person or key.")
    action: str | None = optional("Such as update.")
    resource_type: str | None = optional("Such as prompts.")
    method: Annotated[Literal["POST", "PUT", "DELETE"] | None, Unlisted()] = optional("HTTP method.")
    uri: Annotated[str | None, Unlisted()] = optional("Path, such as /v1/configs.")
    response_status_code: Annotated[int | None, Unlisted()] = optional("HTTP status.")
    request_id: Annotated[str | None, Unlisted()] = optional("Request id.")
    client_ip: Annotated[str | None, Unlisted()] = optional("IP address.")
    country: Annotated[str | None, Unlisted()] = optional("Country.")
    # What clients may know from elsewhere. Portkey calls the actor user_id; it describes no filter by
    # resource, so that one is sent as given.
    actor_id: Annotated[str | None, InQuery("user_id"), Unlisted()] = optional("Same as user_id.")
    resource_id: Annotated[str | None, Unlisted()] = optional(
        "Id of what was changed; Portkey may ignore it."
    )


TOOLS = (
    Tool(
        name="list_audit_logs",
        domain=DOMAIN,
        summary="Search the audit log (trail): who changed what, when, from where.",
        detail="Portkey may require a period and organisation_id.",
        risk=Risk.READ,
        scopes=("audit_logs.list",),
        enterprise=True,
        inputs=ListAuditLogs,
        rules=(NotTogether("actor_id", ("user_id",)),),
        call=Workflow(list_audit_logs, ("GET /audit-logs",)),
    ),
)
