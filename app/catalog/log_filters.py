"""The filters that analytics and log exports share: one vocabulary, accepted in an object or beside it.

The tools list one object, `filters`. Its members are also taken at the top level, and so are the other names
that clients know some of them by. Whichever way a filter is given, the same query is sent.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.catalog.inputs import (
    Encode,
    Folded,
    FreeObject,
    Inputs,
    Local,
    Part,
    Time,
    Unlisted,
    optional,
    required,
)
from app.catalog.wire import comma_list, json_text

MEMBERS: Final = (
    "ai_org_model (openai__gpt-4o), virtual_keys, configs, prompt_slug, status_code, trace_id: lists. "
    "metadata: object. _min, _max: cost (cents), total_units, prompt_token, completion_token, "
    "weighted_feedback."
)
"""The members of `filters`, for a description."""

_BETWEEN: Final = "__"

_OTHER_NAMES: Final = {
    "status_codes": "status_code",
    "virtual_key_slugs": "virtual_keys",
    "config_slugs": "configs",
    "provider_models": "ai_org_model",
    "trace_ids": "trace_id",
    "span_ids": "span_id",
    "metadata_filter": "metadata",
}


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Several values may come as one text with commas, or as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        return _from_json(value)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()] or None
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


def _as_object(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """An object may come as JSON text."""
    if isinstance(value, str):
        return _from_json(value) if value else None
    return value


def _from_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


Texts = Annotated[
    list[str] | None, Field(min_length=1), BeforeValidator(_as_list), Encode(comma_list), Unlisted()
]
"""A list, or one text with commas, which is what it is sent as. Not listed."""


def _name_provider_and_model(value: list[str] | None) -> list[str] | None:
    """Portkey answers a model without its provider with an empty list, as if nothing had been asked of it."""
    if all(all(part.strip() for part in item.partition(_BETWEEN)) for item in value or ()):
        return value
    raise ValueError("must be provider__model each, with two underscores, such as openai__gpt-4o")


_Models = Annotated[Texts, AfterValidator(_name_provider_and_model)]

_Metadata = Annotated[FreeObject | None, BeforeValidator(_as_object), Unlisted()]
_Count = Annotated[int | None, Field(ge=0), Unlisted()]
_Cents = Annotated[float | None, Field(ge=0), Unlisted()]
_Score = Annotated[float | None, Field(ge=-10, le=10), Unlisted()]


class CommonFilters(Inputs):
    """The filters of analytics and exports alike. None is listed: the description of `filters` names them."""

    # The API description requires it, and says what is meant without it, and with the key of a workspace.
    workspace_slug: Annotated[str | None, Field(min_length=1), Unlisted()] = optional(
        "Workspace; else the default one. A workspace key sees its own only."
    )
    ai_org_model: _Models = optional("Provider and model, such as openai__gpt-4o.")
    virtual_keys: Texts = optional("Virtual key slugs.")
    configs: Texts = optional("Config slugs.")
    prompt_slug: Texts = optional("Prompt slugs.")
    status_code: Texts = optional("Response status codes.")
    trace_id: Texts = optional("Trace ids.")
    metadata: _Metadata = optional("Metadata that the requests carry.")
    cost_min: _Cents = optional("Cents, at least.")
    cost_max: _Cents = optional("Cents, at most.")
    total_units_min: _Count = optional("Tokens, at least.")
    total_units_max: _Count = optional("Tokens, at most.")
    prompt_token_min: _Count = optional("Tokens in, at least.")
    prompt_token_max: _Count = optional("Tokens in, at most.")
    completion_token_min: _Count = optional("Tokens out, at least.")
    completion_token_max: _Count = optional("Tokens out, at most.")
    weighted_feedback_min: _Score = optional("Weighted feedback, at least.")
    weighted_feedback_max: _Score = optional("Weighted feedback, at most.")
    status_codes: Texts = optional("Other name of status_code.")
    virtual_key_slugs: Texts = optional("Other name of virtual_keys.")
    config_slugs: Texts = optional("Other name of configs.")
    provider_models: _Models = optional("Other name of ai_org_model.")
    trace_ids: Texts = optional("Other name of trace_id.")
    metadata_filter: _Metadata = optional("Other name of metadata.")

    @model_validator(mode="before")
    @classmethod
    def _one_name_each(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        return _with_one_name_each(data)


class AnalyticsFilters(CommonFilters):
    """The filters of analytics."""

    api_key_ids: Texts = optional("API key ids.")
    span_id: Texts = optional("Span ids.")
    span_ids: Texts = optional("Other name of span_id.")


class FilterObject(Part):
    """Filters as one object. What is no filter is told with the nearest name, beside any other problem."""

    @model_validator(mode="wrap")
    @classmethod
    def _names_known(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - whatever a client sent
        strangers = [name for name in data if name not in cls.model_fields] if isinstance(data, dict) else []
        if not strangers:
            return handler(data)
        problems = [*_not_filters(cls, map(str, strangers))]
        try:
            handler({name: value for name, value in data.items() if name not in strangers})
        except ValidationError as error:
            problems += _same_again(error)
        raise ValidationError.from_exception_data(cls.__name__, problems, hide_input=True)


class LogFilters(AnalyticsFilters, FilterObject):
    """The filters of analytics as one object."""


class ExportFilters(CommonFilters, FilterObject):
    """The filters of an export as one object."""

    # The API description has one model as text where clients have a list; commas serve both.
    ai_model: Texts = optional("Models.")
    page_size: int | None = optional("Logs, at most 50000.", ge=1, le=50_000)
    current_page: int | None = optional("Which so many of them, from 0.", ge=0)


class Filtered(AnalyticsFilters):
    """Arguments of an analytics tool."""

    time_of_generation_min: Time = required("ISO or -7d")
    time_of_generation_max: Time = required("Or now")
    filters: Annotated[LogFilters | None, Local(), Folded()] = optional("See get_cost_analytics")
    metadata: Annotated[_Metadata, Encode(json_text)] = optional("Metadata that the requests carry.")

    @model_validator(mode="before")
    @classmethod
    def _spread_filters(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        return _spread(data)

    @model_validator(mode="after")
    def _a_period(self) -> Filtered:
        check_period(self.time_of_generation_min, self.time_of_generation_max)
        return self


def _with_one_name_each(data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Replace other names. Where both are given the other name wins."""
    if not isinstance(data, dict) or not data.keys() & _OTHER_NAMES.keys():
        return data
    plain = {name: value for name, value in data.items() if name not in _OTHER_NAMES}
    return {**plain, **{_OTHER_NAMES[name]: value for name, value in data.items() if name in _OTHER_NAMES}}


def _spread(data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Put the members of `filters` beside it, if they are all good."""
    data = _with_one_name_each(data)
    if not isinstance(data, dict) or not isinstance(data.get("filters"), dict):
        return data
    try:
        LogFilters.model_validate(data["filters"])
    except ValidationError:
        return data  # The field itself tells what is wrong.
    inside = {name: item for name, item in _with_one_name_each(data["filters"]).items() if item is not None}
    if twice := sorted(inside.keys() & data.keys()):
        raise ValueError(f"give {', '.join(twice)} in filters or beside it, not in both")
    return {**data, **inside}


def check_period(first: str | None, last: str | None) -> None:
    """Refuse a period that ends before it starts, with a `ValueError`."""
    if first and last and datetime.fromisoformat(first) > datetime.fromisoformat(last):
        raise ValueError("time_of_generation_min is later than time_of_generation_max")


def _not_filters(filters: type[FilterObject], names: Iterable[str]) -> Iterator[InitErrorDetails]:
    known = [member for member in filters.model_fields if member not in _OTHER_NAMES]
    there_are = f"; the filters are {', '.join(known)}"  # told once
    for name in names:
        if name.startswith("time_"):
            advice = "; give the period beside filters"
        elif near := difflib.get_close_matches(name, known, 1):
            advice = f"; did you mean {near[0]}?"
        else:
            advice, there_are = there_are, ""
        # The text goes in as a value: in a message braces would be read.
        problem = PydanticCustomError("unknown_filter", "{problem}", {"problem": f"is not a filter{advice}"})
        yield InitErrorDetails(type=problem, loc=(name,), input=None)


def _same_again(error: ValidationError) -> Iterator[InitErrorDetails]:
    for item in error.errors(include_url=False):
        yield InitErrorDetails(
            type=item["type"], loc=item["loc"], input=item["input"], ctx=item.get("ctx", {})
        )
