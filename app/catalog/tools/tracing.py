"""Tracing: feedback on traces, and what can be said of one trace."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import model_validator

from app.catalog.inputs import FreeObject, Identifier, Inputs, Time, Unlisted, optional, required
from app.catalog.log_filters import check_period
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.workflows.traces import ERRORS, FIGURES, LOG, MODELS, REQUESTS, read_trace

DOMAIN: Final = "tracing"


class FeedbackBody(Inputs):
    # Clients take any number; the API description wants an integer within these bounds, and always.
    value: int = required("Score.", ge=-10, le=10)
    weight: float | None = optional("0 to 1; default 1.", ge=0, le=1)
    metadata: FreeObject | None = optional("Any.")


class CreateFeedback(FeedbackBody):
    trace_id: str = required("Trace id.", min_length=1)


class UpdateFeedback(FeedbackBody):
    metadata: Annotated[FreeObject | None, Unlisted()] = optional("Any.")
    id: Identifier = required("Id.")


class GetTrace(Inputs):
    id: Identifier = required("Of trace or log.")
    workspace_slug: str | None = optional("Else the default.", min_length=1)
    time_of_generation_min: Annotated[Time | None, Unlisted()] = optional("ISO or -7d; else -30d.")
    time_of_generation_max: Annotated[Time | None, Unlisted()] = optional("Else now.")

    @model_validator(mode="after")
    def _a_period(self) -> GetTrace:
        check_period(self.time_of_generation_min, self.time_of_generation_max)
        return self


TOOLS = (
    Tool(
        name="create_feedback",
        domain=DOMAIN,
        summary="Give feedback on a trace: thumbs up or down, a score, a weight.",
        risk=Risk.WRITE,
        idempotent=False,
        # Portkey documents no scope for feedback; writing logs is the nearest.
        scopes=("logs.write",),
        inputs=CreateFeedback,
        call=Endpoint("POST", "/feedback"),
    ),
    Tool(
        name="update_feedback",
        domain=DOMAIN,
        summary="Change feedback; create_feedback gave its id.",
        risk=Risk.WRITE,
        idempotent=True,
        # Portkey documents no scope for feedback; writing logs is the nearest.
        scopes=("logs.write",),
        inputs=UpdateFeedback,
        call=Endpoint("PUT", "/feedback/{id}"),
    ),
    # Portkey dropped the endpoint that this tool once had (it answered 405), so it is made of what there is.
    Tool(
        name="get_trace",
        domain=DOMAIN,
        summary="Sum up one trace of the last 30 days: cost in cents, tokens, latency, errors.",
        detail="With a log id, that log too. Logs of a trace: create_log_export.",
        risk=Risk.READ,
        scopes=("analytics.view", "logs.view"),
        enterprise=True,
        inputs=GetTrace,
        call=Workflow(
            read_trace, tuple(f"GET {path}" for path in (LOG, REQUESTS, *FIGURES.values(), ERRORS, MODELS))
        ),
    ),
)
