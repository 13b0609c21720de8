"""Reading the audit log without reading the secrets that passed through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from app.catalog.json_value import MAX_DEPTH, JsonObject, JsonValue
from app.catalog.masking import MASK, hide_secrets
from app.catalog.tool import Endpoint, Run
from app.catalog.wire import to_request

if TYPE_CHECKING:
    from app.catalog.tools.audit import ListAuditLogs

_ENDPOINT: Final = Endpoint("GET", "/audit-logs")
_LISTS: Final = ("records", "data")  # as Portkey describes the answer, and as clients have read it
_JSON_TEXT: Final = ("request_body", "query_params", "request_headers")
_CREDENTIALS: Final = frozenset({"auth_config", "client_auth", "credentials", "custom_headers", "headers"})
_PROVIDER_KEY: Final = "key"


async def list_audit_logs(inputs: ListAuditLogs, run: Run) -> JsonValue:
    """List audit records with their JSON text decoded, so that secrets in it are found and hidden.

    What creates a provider, a secret reference or an MCP integration carries credentials under names that are
    harmless elsewhere: all of it is hidden. Text that cannot be decoded could hold anything, and is hidden
    whole.

    Raises:
        PortkeyError: The request was refused.
    """
    answer = (await run.call(to_request(_ENDPOINT, inputs))).data
    if not isinstance(answer, dict):
        return answer
    return {name: _records(item) if name in _LISTS else item for name, item in answer.items()}


def _records(records: JsonValue) -> JsonValue:
    if not isinstance(records, list):
        return records
    return [_record(record) if isinstance(record, dict) else record for record in records]


def _record(record: JsonObject) -> JsonObject:
    return {name: _decoded(item) if name in _JSON_TEXT else item for name, item in record.items()}


def _decoded(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and value:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return MASK
    return _without_credentials(value)


def _without_credentials(value: JsonValue, depth: int = 0) -> JsonValue:
    if depth == MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [_without_credentials(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: hide_secrets(item, secret=True)
        if name in _CREDENTIALS or (name == _PROVIDER_KEY and depth == 0)
        else _without_credentials(item, depth + 1)
        for name, item in value.items()
    }
