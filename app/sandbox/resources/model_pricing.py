"""Prices of models: `/model-configs/pricing`, open to everyone."""

from __future__ import annotations

import json
from typing import Final

from starlette.responses import Response

from app.sandbox.errors import ApiError
from app.sandbox.json_types import JsonObject
from app.sandbox.keys import PUBLIC
from app.sandbox.model_catalog import pricing
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store


class _Unknown(ApiError):
    """The 404 of this endpoint, in a form of its own."""

    def response(self) -> Response:
        return Response(json.dumps({"error": self.message}), self.status, media_type="application/json")


def get_pricing(call: Call) -> JsonObject:
    """Return what a model of a provider costs."""
    found = pricing(call.params["provider"], call.params["model"])
    if found is None:
        raise _Unknown(404, "Model not found")
    return found


def seed(store: Store) -> None:
    """Add nothing: prices are not the company's."""


ROUTES: Final = (Route("GET", "/model-configs/pricing/{provider}/{model}", PUBLIC, get_pricing),)
