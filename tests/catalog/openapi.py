"""Portkey's API description, as far as the contract check needs it: what of a message is not as described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

METHODS = ("get", "post", "put", "delete")
DOCUMENT = "urn:portkey"
MOST_PROBLEMS = 8
LONGEST = 160


@dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    method: str
    path: str
    spec: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    pattern: re.Pattern[str]

    @cached_property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Description:
    """An OpenAPI 3.0 document.

    Args:
        path: The file, YAML.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            read = yaml.load(file, Loader=yaml.CSafeLoader)
        self._document: dict[str, Any] = _absolute(read)
        self._registry: Registry[Any] = Registry().with_resource(
            DOCUMENT, DRAFT4.create_resource(self._document)
        )
        # A path without parameters before one that has some: /logs/exports is no log.
        self.operations = sorted(self._read(), key=lambda operation: operation.path.count("{"))

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request means, or None. The path is without its base."""
        return next((o for o in self.operations if o.method == method and o.pattern.fullmatch(path)), None)

    def request_problems(self, operation: Operation, query: str, body: Any) -> list[str]:
        """Say what of a request is not as described."""
        given = parse_qs(query, keep_blank_values=True)
        described = {p["name"]: p for p in operation.parameters if p["in"] == "query"}
        problems = [f"query {name}: not described" for name in given if name not in described]
        problems += [
            f"query {name}: required"
            for name, parameter in described.items()
            if parameter.get("required") and name not in given
        ]
        for name, values in given.items():
            if name in described:
                schema = described[name].get("schema", {})
                problems += self._problems(f"query {name}", schema, _typed(self._plain(schema), values))
        content = self._plain(operation.spec.get("requestBody", {})).get("content", {})
        if "application/json" in content:
            schema = content["application/json"].get("schema", {})
            if body is not None:
                problems += self._problems("body", schema, body)
                problems += [f"body {name}: not described" for name in self._unknown_members(schema, body)]
            elif self._plain(operation.spec["requestBody"]).get("required"):
                problems.append("body: required")
        elif body not in (None, {}):
            problems.append("body: not described")
        return problems[:MOST_PROBLEMS]

    def answer_problems(self, operation: Operation, status: int, data: Any) -> list[str]:
        """Say what of an answer is not as described."""
        answers = operation.spec["responses"]
        found = answers.get(str(status), answers.get(f"{status // 100}XX"))
        if found is None:
            return [f"status {status}: not described"]
        content = self._plain(found).get("content", {})
        if "application/json" not in content:
            return [] if data in (None, {}) else ["answer: no content is described"]
        return self._problems("answer", content["application/json"].get("schema", {}), data)[:MOST_PROBLEMS]

    def _read(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    spec = item[method]
                    parameters = tuple(self._plain(p) for p in (*shared, *spec.get("parameters", [])))
                    pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))
                    yield Operation(method.upper(), path, spec, parameters, pattern)

    def _plain(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            found: Any = self._document
            for step in node["$ref"].removeprefix(f"{DOCUMENT}#/").split("/"):
                found = found[unquote(step).replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def _problems(self, where: str, schema: Mapping[str, Any], value: Any) -> list[str]:
        validator = OAS30Validator(schema, registry=self._registry, format_checker=oas30_format_checker)
        return [
            f"{where} {'.'.join(str(step) for step in error.absolute_path)}: {_short(error.message)}"
            for error in validator.iter_errors(value)
        ]

    def _unknown_members(self, schema: Mapping[str, Any], body: Any) -> list[str]:
        """Members at the top of a body that the schema has no word for."""
        known = self._members(schema)
        return (
            []
            if known is None or not isinstance(body, dict)
            else [name for name in body if name not in known]
        )

    def _members(self, schema: Mapping[str, Any]) -> set[str] | None:
        schema = self._plain(schema)
        known = set(schema.get("properties", {}))
        if schema.get("additionalProperties"):
            return None
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            inner = self._members(part)
            if inner is None:
                return None
            known |= inner
        return known or None


def _short(message: str) -> str:
    if " is valid under each of " in message:
        return "more than one form fits"
    return message if len(message) <= LONGEST else f"{message[:LONGEST]}..."


def _absolute(node: Any) -> Any:
    """The document with references that hold from any part of it."""
    if isinstance(node, list):
        return [_absolute(item) for item in node]
    if not isinstance(node, dict):
        return node
    whole = {name: _absolute(item) for name, item in node.items()}
    if isinstance(reference := whole.get("$ref"), str):
        whole["$ref"] = f"{DOCUMENT}{reference}"
    return whole


def _typed(schema: Mapping[str, Any], values: list[str]) -> Any:
    """A query value as the type it stands for."""
    kind = schema.get("type")
    if kind == "array":
        listed = [item for value in values for item in value.split(",")]
        return [_typed(schema.get("items", {}), [item]) for item in listed]
    (value,) = values if len(values) == 1 else (",".join(values),)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind in ("integer", "number"):
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            return value
    return value
