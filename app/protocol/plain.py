"""Tells what clients say of themselves that is plainly right: the SDK would accept it, whatever the revision.

It is not all that the SDK accepts. What is not plain is left to the SDK, which says what is wrong with it, if
anything is. A test compares the two.
"""

from __future__ import annotations

from typing import Final

_DEEPEST: Final = 8
_TEXTS: Final = frozenset({"title", "description", "websiteUrl"})
_INFO: Final = frozenset({"name", "version", "icons"}) | _TEXTS
_ICON: Final = frozenset({"src", "mimeType", "sizes", "theme"})
_MODES: Final = {"elicitation": ("form", "url"), "sampling": ("context", "tools")}


def is_plain_client(info: object) -> bool:
    """Tell whether `clientInfo` is plain."""
    return (
        isinstance(info, dict)
        and info.keys() <= _INFO
        and isinstance(info.get("name"), str)
        and isinstance(info.get("version"), str)
        and all(isinstance(info.get(name), str | None) for name in _TEXTS)
        and _are_icons(info.get("icons"))
    )


def are_plain_capabilities(given: object) -> bool:
    """Tell whether the capabilities of a client are plain."""
    return isinstance(given, dict) and all(_is_capability(name, value) for name, value in given.items())


def _is_capability(name: str, value: object) -> bool:
    if not isinstance(value, dict):
        return False
    if name in _MODES:
        return value.keys() <= set(_MODES[name]) and all(map(_is_object, value.values()))
    if name == "roots":
        return value.keys() <= {"listChanged"} and isinstance(value.get("listChanged", False), bool)
    return name in {"experimental", "extensions"} and all(map(_is_object, value.values()))


def _are_icons(icons: object) -> bool:
    if icons is None:
        return True
    return isinstance(icons, list) and all(map(_is_icon, icons))


def _is_icon(icon: object) -> bool:
    if not isinstance(icon, dict) or not icon.keys() <= _ICON:
        return False
    sizes = icon.get("sizes", [])
    return (
        isinstance(icon.get("src"), str)
        and isinstance(icon.get("mimeType"), str | None)
        and isinstance(sizes, list)
        and all(isinstance(size, str) for size in sizes)
        and icon.get("theme") in (None, "light", "dark")
    )


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and _is_shallow(value, _DEEPEST)


def _is_shallow(value: object, levels: int) -> bool:
    """Tell whether JSON is nested no deeper than any reader goes."""
    if isinstance(value, dict):
        return levels > 0 and all(_is_shallow(member, levels - 1) for member in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_is_shallow(member, levels - 1) for member in value)
    return True
