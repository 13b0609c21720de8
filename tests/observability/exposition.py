"""What a service really exposes: the names of its series, and the labels of each."""

from __future__ import annotations

import re

from app.telemetry.metrics.metrics import PREFIX
from tests.telemetry.metrics.test_metrics import READS, scraped
from tests.test_service import client_of

STATEFUL = {"MCP_SESSION_MODE": "stateful", "MCP_EVENT_STORE": "memory"}
_SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
_SELECTOR = re.compile(r"\b([a-z][a-z0-9_]*)(?:\{([^}]*)\})")
_NAME = re.compile(r"\b(?:portkey_admin_mcp|process|python)_[a-z0-9_]+\b")
_LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
OF_PROMETHEUS = {"job", "instance", "le"}


async def exposed_types() -> dict[str, str]:
    """Return each metric that a service tells of, with its type."""
    async with client_of(**READS, **STATEFUL) as client:
        text = await scraped(client)
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    return {name: kind for name, kind in types.items() if not name.endswith("_created")}


def series_of(types: dict[str, str]) -> set[str]:
    return {f"{name}{suffix}" for name, kind in types.items() for suffix in _SUFFIXES[kind]}


def names_in(expression: str) -> set[str]:
    return set(_NAME.findall(expression))


def labels_in(expression: str) -> list[tuple[str, str]]:
    """Return the metric and the label of each matcher in an expression."""
    return [
        (metric, label)
        for metric, matchers in _SELECTOR.findall(expression)
        if metric.startswith(PREFIX)
        for label in _LABEL.findall(matchers)
    ]
