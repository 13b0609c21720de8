"""From the bytes of a policy file to plain values: bounded, and without the surprises of YAML.

Aliases are refused, because a few lines of them expand without bound, and so are keys that occur twice, of
which one would silently win.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

import yaml

from app.auth.policy_file.flaws import Flaw, PolicyFileError

LARGEST_FILE: Final = 131_072
DEEPEST: Final = 16
"""Levels of nesting; a policy has six."""


class _RefusedError(yaml.MarkedYAMLError):
    def __init__(self, problem: str, at: yaml.Node | yaml.Event) -> None:
        mark: Any = at.start_mark
        super().__init__(problem=problem, problem_mark=mark)


class _Loader(yaml.SafeLoader):
    """Plain values only, without aliases and without duplicate keys."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - as in PyYAML
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs have no types here
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError("aliases (*name) are not supported, write it out", event)
        if self._depth >= DEEPEST:
            raise _RefusedError(f"it is nested deeper than {DEEPEST} levels", event)
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
            return node
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as in PyYAML
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _RefusedError("a key must be text", key)
            if key.value in seen:
                raise _RefusedError("a key occurs twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_document(path: str) -> tuple[str, object]:
    """Read a policy file: JSON when its name ends with .json, YAML otherwise.

    Returns:
        Its text, and the values in it.

    Raises:
        PolicyFileError: It cannot be read as such; the message shows nothing of the content.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        raise _unusable(f"Name a file that this process can read ({reason}).") from None
    if len(content) > LARGEST_FILE:
        raise _unusable(f"The file is larger than {LARGEST_FILE // 1024} KiB. Write fewer rules.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable("The file is not UTF-8 text. Save it as UTF-8.") from None
    try:
        return text, _parse_json(text) if path.lower().endswith(".json") else _parse_yaml(text)
    except RecursionError:
        raise _unusable(f"The file is nested deeper than {DEEPEST} levels.") from None


def _parse_yaml(text: str) -> object:
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        where = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise _unusable(f"{where}the YAML cannot be read: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise _unusable("It has characters that do not belong there: the YAML cannot be read.") from None
    finally:
        if loader is not None:
            loader.dispose()


def _parse_json(text: str) -> object:
    def without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise _unusable("A key occurs twice in one object of the JSON.")
        return members

    try:
        document: object = json.loads(text, object_pairs_hook=without_duplicates)
    except json.JSONDecodeError as error:
        raise _unusable(f"Line {error.lineno}: the JSON cannot be read: {error.msg}.") from None
    except ValueError:
        raise _unusable("The JSON holds a number that is too long.") from None
    return document


def _unusable(advice: str) -> PolicyFileError:
    return PolicyFileError([Flaw("", advice)])
