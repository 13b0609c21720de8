"""Which family a client belongs to: there are as many names of clients as people who write them."""

from __future__ import annotations

from typing import Final

FAMILIES: Final = ("claude", "cursor", "vscode", "chatgpt", "windsurf", "inspector", "sdk", "other", "none")
"""Every family there is; "none" is a client that does not say its name."""

_MARKS: Final = (
    ("inspector", "inspector"),
    ("claude", "claude"),
    ("anthropic", "claude"),
    ("cursor", "cursor"),
    ("visual studio code", "vscode"),
    ("vscode", "vscode"),
    ("copilot", "vscode"),
    ("chatgpt", "chatgpt"),
    ("openai", "chatgpt"),
    ("windsurf", "windsurf"),
    ("codeium", "windsurf"),
    # What the official SDKs call themselves, and the HTTP clients below them.
    ("mcp", "sdk"),
    ("python", "sdk"),
    ("node", "sdk"),
    ("undici", "sdk"),
)


def family_of(name: str | None) -> str:
    """Return the family of a client by what it calls itself, one of `FAMILIES`."""
    if not name:
        return "none"
    lowered = name.lower()
    return next((family for mark, family in _MARKS if mark in lowered), "other")
