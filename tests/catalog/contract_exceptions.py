"""Where we knowingly differ from Portkey's API description: a pattern of the problem, and the reason.

A pattern matches at the start of a problem, and each must match one: what has been settled leaves the list.
"""

from __future__ import annotations

from typing import Final

_COLLISION: Final = (
    "the field restrictions have no description of their own: the path looks like that of an export"
)
_RECORDED: Final = "recorded answers of the live API have null there"
_AS_RECORDED: Final = "not recorded; null as in recorded answers for the same setting elsewhere"
_OVERLAP: Final = "the description wants exactly one form to fit, and its forms overlap"
_WRAPPED: Final = "the description has a bare array; clients of the live API read the list under `data`"
_NOT_DESCRIBED: Final = "accepted by the live API according to earlier clients; absent from the description"
_PAGES: Final = "the paging that the same lists of the API take; absent from the description"

REQUESTS: Final[dict[str, str]] = {
    r"DELETE /admin/workspaces/\{workspaceId\}: body: not": (
        "the live API wants the name as a check, and takes force_delete"
    ),
    r"GET /analytics/.*: query workspace_slug: required": (
        "without it the live API answers for the whole organisation"
    ),
    r"GET /audit-logs: query (start_time|end_time|organisation_id): required": (
        "a key belongs to one organisation, and the live API has a period of its own"
    ),
    r"GET /audit-logs: query resource_id": _NOT_DESCRIBED,
    r"GET /collections: query workspace_id: required": "a workspace key needs none",
    r"GET /(configs|integrations/\{slug\}/(models|workspaces)): query (current_page|page_size)": _PAGES,
    r"GET /scim/workspaces: query (page|page_size)": _PAGES,
    r"GET /virtual-keys: query (current_page|page_size): required": "recorded requests go without",
    r"GET /logs/exports/\{exportId\}: query workspace_id": _COLLISION,
    r"GET /logs/\{logId\}: query (created_at|path_format|type)": _NOT_DESCRIBED,
    r"(GET|POST) /policies/rate-limits: (query|body) target": _NOT_DESCRIBED,
    r"POST /policies/rate-limits: body unit: 'rpw'": _NOT_DESCRIBED,
    r"POST /policies/.*: body conditions\.\d+\.value: \[": "a condition takes several values too",
    r"PUT /policies/.*: body (conditions|description|next_usage_reset_at|periodic_reset_days): not": (
        _NOT_DESCRIBED
    ),
    r"PUT /policies/.*: body periodic_reset: None": "null ends the resets",
    r"(POST|PUT) /admin/users/.*: body (first|last)_name": _NOT_DESCRIBED,
    r"(POST|PUT) /admin/workspaces.*: body slug": _NOT_DESCRIBED,
    r"(POST|PUT) /guardrails.*: body checks\.\d+\.parameters: more than one form fits": _OVERLAP,
    r"POST /guardrails: body target": _NOT_DESCRIBED,
    r"(POST|PUT) /integrations.*: body configurations: more than one form fits": _OVERLAP,
    r"POST /logs/exports: body description": _NOT_DESCRIBED,
    r"POST /prompts/\{promptId\}/(completions|render): body (max_tokens|metadata|stop|temperature|top_p)": (
        "model parameters stand at the top of the body, where clients of the live API put them"
    ),
    r"POST /prompts: body (ai_model_id|finetune_id|is_raw_template)": _NOT_DESCRIBED,
    r"PUT /prompts/\{promptId\}/versions/\{versionId\}: body label_id: None": "null takes the label off",
    r"(POST|PUT) /(providers|virtual-keys).*: body rate_limits: (\[|not)": (
        "a list, as answers have it and as earlier clients send it"
    ),
    r"POST /virtual-keys: body awsRegion": "provider settings stand beside the rest",
    r"POST /secret-references: body auth_config": (
        "the discriminator is a member that only some of the forms have"
    ),
    r"PUT /collections/\{collectionId\}: body description": _NOT_DESCRIBED,
}

ANSWERS: Final[dict[str, str]] = {
    r"\w+ /admin/workspaces.*: answer .*(rate_limits|usage_limits): None": _RECORDED,
    r"GET /api-keys.*: answer .*(expires_at|reset_usage|user_id|description): None": _RECORDED,
    r"GET /virtual-keys.*: answer .*(expires_at|model_config|usage_limits): None": _RECORDED,
    r"GET /prompts/.*: answer (functions|tools|tool_choice): None": _RECORDED,
    r"GET /prompts/.*: answer is_raw_template: \d": "recorded answers of the live API have 0 or 1",
    r"GET /providers.*: answer .*(expires_at|usage_limits): None": _AS_RECORDED,
    r"GET /policies/usage-limits.*: answer .*periodic_reset: None": _AS_RECORDED,
    r"GET /guardrails/\{guardrailId\}: answer checks\.\d+\.parameters: more than one form fits": _OVERLAP,
    r"GET /integrations/\{slug\}: answer configurations: more than one form fits": _OVERLAP,
    r"GET /mcp-integrations/\{mcpIntegrationId\}/workspaces: answer : more than one form fits": _OVERLAP,
    r"GET /model-configs/pricing/.*: answer calculate.*: more than one form fits": _OVERLAP,
    r"GET /logs/exports/\{exportId\}: answer : '\w+' is a required": _COLLISION,
    r"GET /prompts/(partials(/\{promptPartialId\}/versions)?|\{promptId\}/versions): answer : \{": _WRAPPED,
    r"POST /logs: answer: no content": "the description has no answer; earlier clients expect JSON",
}
