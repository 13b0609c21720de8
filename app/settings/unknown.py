"""Warnings about variables that look like settings of this service but have no effect."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PREFIXES: Final = ("MCP_", "PORTKEY_", "RATE_LIMIT_", "CLERK_", "SANDBOX_")
SMOKE_PREFIX: Final = "MCP_TEST_"
# Kubernetes adds these for each Service of the namespace, so a Service named "mcp" would fill the log.
_KUBERNETES_LINK: Final = re.compile(
    r".+_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_.+)?)?)"
)


def unknown_variable_warnings(env: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each variable with a prefix of ours that is no setting; values are never shown."""
    for name in sorted(env):
        if not name.startswith(PREFIXES) or name in known or not env[name].strip():
            continue
        if not (name.startswith(SMOKE_PREFIX) or _KUBERNETES_LINK.fullmatch(name)):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"; did you mean {nearest[0]}?" if nearest else "."
            yield f"{name} is not a setting{hint}"
