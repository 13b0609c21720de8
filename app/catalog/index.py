"""What a process knows of each tool before it is called: `index.json`, by domain and in listing order.

Declarations are Python, and importing all of them takes longer than the rest of a start that needs none.
`make catalog` writes the file; a test compares it with the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.auth.policy import GovernedTool, Risk

PATH = Path(__file__).with_name("index.json")


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool without its declaration.

    Attributes:
        name: As clients know it.
        domain: The one it belongs to.
        risk: Its class.
    """

    name: str
    domain: str
    risk: Risk


def render(tools: Iterable[GovernedTool]) -> str:
    """Return the text of the index."""
    domains: dict[str, dict[str, Risk]] = {}
    for tool in tools:
        domains.setdefault(tool.domain, {})[tool.name] = tool.risk
    return orjson.dumps(domains, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def read() -> tuple[ListedTool, ...]:
    """Return the tools of the committed index."""
    domains: dict[str, dict[str, Risk]] = orjson.loads(PATH.read_bytes())
    return tuple(
        ListedTool(name, domain, risk) for domain, tools in domains.items() for name, risk in tools.items()
    )
