"""The models that providers offer, with what they cost."""

from __future__ import annotations

from typing import Final

from app.sandbox.json_types import JsonObject

# provider: model, dollars a million tokens in, and out
_MODELS: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "openai": (
        ("gpt-4o", 2.5, 10),
        ("gpt-4o-mini", 0.15, 0.6),
        ("gpt-4.1", 2, 8),
        ("o3-mini", 1.1, 4.4),
        ("text-embedding-3-large", 0.13, 0),
    ),
    "anthropic": (
        ("claude-3-5-sonnet", 3, 15),
        ("claude-3-5-haiku", 0.8, 4),
        ("claude-3-opus", 15, 75),
    ),
    "azure-openai": (("gpt-4o", 2.5, 10), ("gpt-4o-mini", 0.15, 0.6)),
    "bedrock": (
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", 3, 15),
        ("amazon.nova-pro-v1:0", 0.8, 3.2),
    ),
    "vertex-ai": (("gemini-1.5-pro", 1.25, 5), ("gemini-1.5-flash", 0.075, 0.3)),
}
_DOLLARS_A_MILLION_TO_CENTS: Final = 10_000


def model_slugs(provider: str) -> list[str]:
    """Return the models of a provider; none when the provider is not in the catalogue."""
    return [model for model, _, _ in _MODELS.get(provider, ())]


def pricing(provider: str, model: str) -> JsonObject | None:
    """Return what a model costs, in US cents a token, or None when the model is not in the catalogue."""
    found = next((known for known in _MODELS.get(provider, ()) if known[0] == model), None)
    if found is None:
        return None
    _, tokens_in, tokens_out = found
    return {
        "pay_as_you_go": {
            "request_token": {"price": round(tokens_in / _DOLLARS_A_MILLION_TO_CENTS, 9)},
            "response_token": {"price": round(tokens_out / _DOLLARS_A_MILLION_TO_CENTS, 9)},
        },
        "calculate": {
            "request": _product("input_tokens", "rates.request_token"),
            "response": _product("output_tokens", "rates.response_token"),
        },
        "currency": "USD",
    }


def _product(amount: str, rate: str) -> JsonObject:
    return {"operation": "multiply", "operands": [{"value": amount}, {"value": rate}]}
