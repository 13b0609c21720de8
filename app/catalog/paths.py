"""Where sources disagree about a path, and which is used: what was seen to answer, then the API description.

Each row: the endpoint, the path in use, what is said elsewhere, and why.
"""

from __future__ import annotations

from typing import Final

DISAGREEMENTS: Final = (
    (
        "Users",
        "/admin/users",
        "`/users` in the documentation",
        "API description; both answered 403 to the key at hand",
    ),
    ("Invitations", "/admin/users/invites", "`/user-invites`", "API description; both answered 403"),
    ("Workspaces", "/admin/workspaces", "`/workspaces`", "answers; the other is 400"),
    (
        "Workspace members",
        "/admin/workspaces/{id}/users",
        "`/workspaces/{id}/members`",
        "answers; the other is 400",
    ),
    (
        "Creating an API key",
        "/api-keys/{type}/{sub_type}",
        "`/api-keys`",
        "type and sub-type are part of the path",
    ),
    (
        "Publishing a prompt",
        "/prompts/{id}/makeDefault",
        "`/prompts/{id}/publish`",
        "answers; the other is 404",
    ),
    (
        "Publishing a partial",
        "/prompts/partials/{id}/makeDefault",
        "`/prompts/partials/{id}/publish`",
        "answers; the other is 404",
    ),
    ("Log exports", "/logs/exports", "`/log-exports`", "API description"),
    ("One log", "/logs/{id}", "`GET /logs` for lists", "the list is 405, so there is no tool for it"),
    ("Integrations", "/integrations", "`/admin/integrations`", "answers; the other is 400"),
    ("Audit logs", "/audit-logs", "with `/admin` in front", "API description"),
    (
        "Deleting an integration's model",
        "/integrations/{slug}/models?slugs=",
        "`/integrations/{slug}/models/{model}`",
        "API description; the other is an older form",
    ),
    (
        "Resetting an entity of a usage limit",
        "PUT /policies/usage-limits/{id}/entities/{entity}/reset",
        "`POST .../entities/reset` with a body",
        "API description",
    ),
    ("Error rate", "/analytics/graphs/errors/rate", "`.../error-rate`", "exists (403 without the scope)"),
    ("Cache latency, cache hit rate", "/analytics/graphs/cache/...", "`.../cache-hit-...`", "exists"),
    (
        "Feedback graphs",
        "/analytics/graphs/feedbacks/...",
        "`.../feedback...`",
        "API description; the others are 404",
    ),
    ("Requests per user", "/analytics/graphs/users/requests", "`.../requests-per-user`", "API description"),
    ("Rescued requests", "/analytics/graphs/requests/rescued", "`.../rescued-requests`", "API description"),
    ("Error status codes", "/analytics/graphs/errors/...", "`.../status-codes`", "API description"),
    (
        "Groups by metadata",
        "/analytics/groups/metadata/{key}",
        "`.../metadata`",
        "the key is part of the path",
    ),
    ("Groups by model", "/analytics/groups/ai-models", "`.../models`", "API description; the other is 404"),
    ("Deployments", "/v2/deployments", "`/v1/deployments`", "v2 is what the current clients use"),
    ("SCIM groups", "/v2/scim/groups", "`/v1/scim/groups`", "v2 is what the current clients use"),
    (
        "Guardrail defaults of the organisation",
        "/v2/admin/organisation/defaults",
        "the same under v1",
        "v2 is what the current clients use",
    ),
)
