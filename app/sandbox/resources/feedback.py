"""Feedback on traces: `/v1/feedback`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import not_found
from app.sandbox.fields import Field, mapping, number, read_body, text
from app.sandbox.json_types import JsonObject
from app.sandbox.logged import FEEDBACK, logged
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CHANGE: Final[dict[str, Field]] = {
    "value": number(-10, 10, whole=True, required=True),
    "weight": number(0, 1),
    "metadata": mapping(),
}
_CREATE: Final[dict[str, Field]] = {"trace_id": text(required=True), **_CHANGE}


def create_feedback(call: Call) -> JsonObject:
    """Keep feedback on a trace; one that is not known yet may come later."""
    body = read_body(call.body, _CREATE)
    feedback: JsonObject = {
        "weight": 1,
        "metadata": {},
        **body,
        "id": call.store.new_id(FEEDBACK),
        "seeded": False,
    }
    call.store.insert(FEEDBACK, feedback)
    return _saved(feedback, "Feedback successfully saved")


def update_feedback(call: Call) -> JsonObject:
    """Change the value of feedback, and its weight and metadata if they are given."""
    body = read_body(call.body, _CHANGE)
    feedback_id = call.params["feedback"]
    known = call.store.resolve(FEEDBACK, feedback_id)
    if known:
        call.store.replace(FEEDBACK, {**known, **body})
    else:
        call.store.insert(FEEDBACK, {**_seeded(call, feedback_id), **body})
    return _saved({"id": feedback_id}, "Feedback successfully updated")


def seed(store: Store) -> None:
    """Add nothing: the feedback of the company comes with its traffic."""


def _seeded(call: Call, feedback_id: str) -> JsonObject:
    for one in logged(call):
        for given in one.feedback:
            if given.id == feedback_id:
                return {
                    "id": given.id,
                    "trace_id": one.trace_id,
                    "value": given.value,
                    "weight": given.weight,
                    "metadata": {},
                    "seeded": True,
                }
    raise not_found("feedback", feedback_id)


def _saved(feedback: JsonObject, message: str) -> JsonObject:
    return {"status": "success", "message": message, "feedback_ids": [feedback["id"]]}


# Portkey documents no scope for feedback. It is data about logs, so we take the scope that writes those.
ROUTES: Final = (
    Route("POST", "/v1/feedback", "logs.write", create_feedback),
    Route("PUT", "/v1/feedback/{feedback}", "logs.write", update_feedback),
)
