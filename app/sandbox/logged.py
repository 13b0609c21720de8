"""What was logged, seen as one: the company's traffic, the logs and the feedback that callers added."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, cast

from app.sandbox.json_types import JsonObject, as_int, as_object
from app.sandbox.routing import Call
from app.sandbox.store import Store
from app.sandbox.traffic import Feedback, LoggedRequest, milliseconds, stream

LOG: Final = "log"
FEEDBACK: Final = "feedback"


def logged(call: Call, first: int = 0, last: int | None = None) -> Iterator[LoggedRequest]:
    """Yield what was logged between two moments in milliseconds since 1970, with all feedback there is."""
    feedback = _FeedbackBook(call.store)
    end = milliseconds(call.moment) if last is None else last
    for one in stream(call.moment, first, last):
        yield feedback.added_to(one)
    for document in call.store.find(LOG):
        one = _request_of(document)
        if first <= one.at <= end:
            yield feedback.added_to(one)


def log_payload(store: Store, log_id: str) -> JsonObject:
    """Return the request, response and metadata of a log that a caller inserted; empty for any other."""
    return as_object((store.resolve(LOG, log_id) or {}).get("payload"))


def insert_log(store: Store, request: LoggedRequest, payload: JsonObject) -> None:
    """Keep a log that a caller inserted, with what it was inserted from."""
    # Under other names than `workspace_id`: logs outlive their workspace and do not keep it from deletion.
    plain: JsonObject = {**request._asdict(), "metadata": {**request.metadata}, "feedback": []}
    store.insert(LOG, {"id": request.id, "request": plain, "payload": payload})


def moment_of(request: LoggedRequest) -> datetime:
    """Return when a request was made."""
    return datetime.fromtimestamp(request.at / 1000, UTC)


def feedback_from(document: JsonObject) -> Feedback:
    """Return the feedback that a document holds."""
    weight = document["weight"]
    return Feedback(
        str(document["id"]),
        as_int(document["value"]),
        float(weight) if isinstance(weight, int | float) else 1.0,
    )


class _FeedbackBook:
    """The feedback that callers gave or changed. Feedback on a trace counts for its first request."""

    def __init__(self, store: Store) -> None:
        self._changed: dict[str, Feedback] = {}
        self._added: dict[str, list[Feedback]] = {}
        for document in store.find(FEEDBACK):
            feedback = feedback_from(document)
            if document["seeded"]:
                self._changed[feedback.id] = feedback
            else:
                self._added.setdefault(str(document["trace_id"]), []).append(feedback)

    def added_to(self, request: LoggedRequest) -> LoggedRequest:
        added = self._added.get(request.trace_id, []) if request.root else []
        if not added and not any(one.id in self._changed for one in request.feedback):
            return request
        own = [self._changed.get(one.id, one) for one in request.feedback]
        return request._replace(feedback=(*own, *added))


def _request_of(document: JsonObject) -> LoggedRequest:
    # `insert_log` wrote every member in its own type, and JSON kept it.
    members = cast("dict[str, Any]", document["request"])
    return LoggedRequest(**{**members, "feedback": ()})
