"""From Portkey's answer, or its refusal, to what the caller reads.

An answer is never validated away: whatever shape a successful write comes back in, it is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

import orjson

from app.catalog.arguments import InvalidArgumentsError
from app.catalog.bounds import DEFAULT_LIMIT, bounded, compact, main_list
from app.catalog.inputs import Inputs, Pages
from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.masking import hide_all_but_new, hide_secrets
from app.catalog.projection import Projection, project
from app.catalog.tool import Endpoint, Risk, Tool, WorkflowStopped
from app.portkey.errors import PortkeyError

_DECIMAL: Final = re.compile(r"-?(?=[0-9.]{1,16}$)(0|[1-9][0-9]*)(\.[0-9]+)?")
"""At most so many digits as a client's float keeps."""

SHOWN_ONCE: Final = "The secret in this answer is shown only now and cannot be read again: store it."

Kind: TypeAlias = Literal["succeeded", "refused", "declined", "failed", "unknown_outcome", "crashed"]
"""What a call came to in one word: refused before anything was changed, declined by the person who was asked,
failed at Portkey, a write that may have been applied, or crashed in here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: an object, the same as compact JSON text, whether it is an error, and its kind."""

    data: JsonObject
    text: str
    is_error: bool = False
    kind: Kind = "succeeded"

    @property
    def code(self) -> str | None:
        """What an error calls itself: Portkey's code (`AB03`) or ours (`invalid_arguments`)."""
        error = self.data.get("error") if self.is_error else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) else None


def succeeded(
    tool: Tool,
    inputs: Inputs,
    data: JsonValue,
    *,
    wanted: Projection | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Outcome:
    """Shape Portkey's answer: JSON text decoded, secrets hidden, the next page named; else as it is.

    A write that Portkey answers with nothing says that it succeeded, and what it was done to.

    Args:
        tool: What was called.
        inputs: With what.
        data: What Portkey answered, or what the workflow came to.
        wanted: The members to keep; all of them when None.
        limit: Bytes of text beyond which the answer is cut. One with a secret that is shown only now is not.
    """
    shaped = _as_object(data) if data or tool.risk == Risk.READ else _done(tool, inputs, data)
    if isinstance(tool.call, Endpoint):
        for path in tool.call.json_text:
            _decode(shaped, path.split("."), _parsed)
        for path in tool.call.numbers:
            _decode(shaped, path.split("."), _number)
    if tool.one_time_secret:
        shown, new = hide_all_but_new(shaped)
        if new:
            shown["one_time_secret"] = SHOWN_ONCE
            return Outcome(shown, compact(shown))
    else:
        shown = _as_object(hide_secrets(shaped))
    more = _next_page(shown, inputs) if isinstance(inputs, Pages) else None
    if wanted:
        shown = project(shown, wanted)
    if more:
        shown = {**shown, "next_page": more}
    return Outcome(*bounded(tool, inputs, shown, limit))


def failed(tool: Tool, error: PortkeyError) -> Outcome:
    """Say what Portkey refused, and the next step."""
    told: JsonObject = {
        "message": error.message,
        "status": error.status,
        "code": error.code,
        "retryable": error.retryable,
        "may_have_been_applied": _may_have_changed(tool, error) or None,
        "next_step": _next_step(tool, error),
        "portkey_request_id": error.request_id,
    }
    return _error(told, "unknown_outcome" if _may_have_changed(tool, error) else "failed")


def stopped(error: WorkflowStopped) -> Outcome:
    """Say why a workflow did not go on, before it changed anything."""
    return _error(
        {
            "message": f"{error.message} Nothing was changed.",
            "code": "stopped",
            "retryable": False,
            "next_step": error.next_step,
        },
        "refused",
    )


def refused(error: InvalidArgumentsError) -> Outcome:
    """Say what is wrong with the arguments: all of it, once."""
    problems: list[JsonValue] = [{"argument": p.argument, "problem": p.problem} for p in error.problems]
    return _error(
        {
            "message": "The arguments do not fit. Nothing was sent.",
            "code": "invalid_arguments",
            "retryable": False,
            "problems": problems,
            "next_step": "Correct the arguments and call again.",
        },
        "refused",
    )


def unrecorded() -> Outcome:
    """Say that a call was not made because it could not be put on record."""
    return _error(
        {
            "message": "This service must put each call on record and cannot right now. Nothing was done.",
            "code": "audit_unavailable",
            "retryable": True,
            "next_step": "Try again in a moment. If it stays so, tell whoever runs this service.",
        },
        "refused",
    )


def not_run(code: str, message: str, *, retryable: bool, next_step: str) -> Outcome:
    """Say why a call did not run at all."""
    return _error(
        {"message": message, "code": code, "retryable": retryable, "next_step": next_step}, "refused"
    )


def left_alone(answer: str, message: str) -> Outcome:
    """Say that a person was asked and that, after this answer, nothing was done."""
    data: JsonObject = {"done": False, "answer": answer, "message": message}
    return Outcome(data, compact(data), kind="declined")


def crashed(tool: str, reference: str) -> Outcome:
    """Say that something went wrong here, with nothing of what."""
    return _error(
        {
            "message": f"{tool} failed inside portkey-admin-mcp. Nothing more can be said here.",
            "code": "internal_error",
            "retryable": False,
            "reference": reference,
            "next_step": "If the call was to change something, check whether it did before you repeat it. "
            "Give the reference to whoever runs this service: the log has the details.",
        },
        "crashed",
    )


def _error(told: JsonObject, kind: Kind) -> Outcome:
    data: JsonObject = {"error": {name: value for name, value in told.items() if value is not None}}
    return Outcome(data, compact(data), is_error=True, kind=kind)


def _as_object(data: JsonValue) -> JsonObject:
    """Clients of the 2025 era take an object only."""
    if isinstance(data, dict):
        return data
    if isinstance(data, list):
        return {"data": data}
    return {"success": True} if data is None else {"success": True, "answer": data}


def _done(tool: Tool, inputs: Inputs, data: JsonValue) -> JsonObject:
    """What a write came to that Portkey has nothing more to say of: success, and what it was done to."""
    named: JsonObject = {
        name: getattr(inputs, name) for name in tool.inputs.model_fields if name in tool.in_path
    }
    return {**(_as_object(data) or {"success": True}), **named}


def _next_page(answer: JsonObject, inputs: Pages) -> JsonValue:
    """The page to ask for next, when Portkey says that there is more than it gave."""
    total = answer.get("total", answer.get("total_count"))
    name = main_list(answer)
    items = answer[name] if name else None
    if not isinstance(total, int) or not isinstance(items, list) or not items:
        return None
    page: int | None = getattr(inputs, inputs.page_argument)
    before = 0 if page is None else page - inputs.first_page
    seen = before * (inputs.page_size or len(items)) + len(items)
    if seen >= total:
        return None
    following: JsonObject = {inputs.page_argument: inputs.first_page + before + 1}
    if inputs.page_size or not before:
        # Otherwise Portkey chose the size of the pages before this one.
        following["items_left"] = total - seen
    return following


def _may_have_changed(tool: Tool, error: PortkeyError) -> bool:
    """Portkey may have carried out a write. A POST of a tool that only reads is none."""
    return error.may_have_applied and tool.risk != Risk.READ


def _next_step(tool: Tool, error: PortkeyError) -> str:
    if error.status == HTTPStatus.FORBIDDEN and (tool.scopes or tool.enterprise):
        return _permission(tool)
    if error.status == HTTPStatus.NOT_FOUND and tool.lookups:
        return f"Find the right id with {tool.lookups}, then call again."
    if _may_have_changed(tool, error) and tool.lookups:
        return f"Check with {tool.lookups} whether it was applied before you repeat it."
    if error.may_have_applied and tool.risk == Risk.READ:
        return "Nothing was changed: call again."
    if error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return _correction(tool)
    return error.next_step


def _correction(tool: Tool) -> str:
    """The way out of a 400: where the right form, or the right id, is to be seen."""
    if tool.form:
        shown = f"{tool.form} shows what a right one looks like"
    elif tool.lookups:
        shown = f"find ids with {tool.lookups}"
    else:
        shown = f"portkey-admin://tools/{tool.domain} says more of its tools"
    return f"Correct what the message names, then call again; {shown}."


def _permission(tool: Tool) -> str:
    plan = "Portkey offers this on the Enterprise plan only. " if tool.enterprise else ""
    if not tool.scopes:
        return f"{plan}Use an organisation Admin API key of such a plan."
    noun = "scope" if len(tool.scopes) == 1 else "scopes"
    return (
        f"{plan}The key needs the {noun} {', '.join(tool.scopes)}: an organisation owner or admin can grant "
        f"{'it' if noun == 'scope' else 'them'} in Portkey under API Keys."
    )


def _decode(node: JsonValue, path: list[str], read: Callable[[str], JsonValue]) -> None:
    """Put in place of the text at this path what it is read as."""
    step, *rest = path
    if step == "*" and isinstance(node, list):
        for item in node:
            _decode(item, rest, read)
    elif isinstance(node, dict) and step in node:
        text = node[step]
        if rest:
            _decode(text, rest, read)
        elif isinstance(text, str):
            node[step] = read(text)


def _parsed(text: str) -> JsonValue:
    """The JSON that a text holds, or the text itself when it holds none."""
    try:
        value: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _number(text: str) -> JsonValue:
    """The number that a text is, or the text itself when it is none, or none that JSON keeps exactly."""
    if not _DECIMAL.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
