"""Rendering and running prompts: `/v1/prompts/{prompt}/render` and `/completions`.

The model behind completions echoes the last message, so the same request always gets the same answer.
"""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, mapping, number, one_of, read_body, text
from app.sandbox.json_types import JsonObject, as_int, as_object
from app.sandbox.prompt_records import resolve_prompt
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store
from app.sandbox.templates import render_messages

_RUN: Final[dict[str, Field]] = {
    "variables": mapping(required=True),
    "stream": flag(),
    "metadata": mapping(),
    "model": text(),
    "max_tokens": number(1, whole=True),
    "max_completion_tokens": number(1, whole=True),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "top_k": number(1),
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "stop": one_of(text(), items(text()), expected="a string or an array of strings"),
}
_NOT_PARAMETERS: Final = ("variables", "stream", "metadata")


def render_prompt(call: Call) -> JsonObject:
    """Return the messages and parameters that a run would send to the model."""
    return {"success": True, "data": _prepare(call)}


def run_prompt(call: Call) -> JsonObject:
    """Answer in the form of an OpenAI chat completion."""
    prepared = _prepare(call)
    if as_object(call.body).get("stream"):
        raise invalid(["stream: the sandbox does not stream; leave it out or set it to false"])
    messages = prepared["messages"]
    texts = [str(message.get("content")) for message in messages if isinstance(message, dict)]  # type: ignore[union-attr]
    words = f"Echo: {texts[-1]}".split(" ")
    limit = as_int(prepared.get("max_completion_tokens") or prepared.get("max_tokens")) or len(words)
    prompt_tokens, completion_tokens = sum(len(text_.split(" ")) for text_ in texts), min(limit, len(words))
    return {
        "id": f"chatcmpl-{call.store.new_id('completion')}",
        "object": "chat.completion",
        "created": int(call.moment.timestamp()),
        "model": prepared["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": " ".join(words[:limit])},
                "logprobs": None,
                "finish_reason": "length" if limit < len(words) else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def seed(store: Store) -> None:
    """Add nothing: runs leave no records."""


def _prepare(call: Call) -> JsonObject:
    _, version = resolve_prompt(call, call.params["prompt"])
    body = read_body(call.body, _RUN, extra=True)
    if "hyperparameters" in body:
        raise invalid(["hyperparameters: give its members at the top level of the body"])
    given = {name: value for name, value in body.items() if name not in _NOT_PARAMETERS}
    tools = {
        name: version[name] for name in ("functions", "tools", "tool_choice") if version[name] is not None
    }
    messages = render_messages(str(version["string"]), as_object(body["variables"]))
    return {
        **as_object(version["parameters"]),
        "model": version["model"],
        **tools,
        **given,
        "messages": [*messages],
    }


ROUTES: Final = (
    Route("POST", "/v1/prompts/{prompt}/render", "prompts.render", render_prompt),
    Route("POST", "/v1/prompts/{prompt}/completions", "completions.write", run_prompt),
)
