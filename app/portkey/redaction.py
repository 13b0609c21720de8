"""Makes text from outside fit for people, logs and models: one line, bounded, without the API key."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

REDACTED: Final = "[redacted]"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean_text(text: str, *, secret: str | None, limit: int) -> str:
    """One line of at most `limit` characters without the secret, be it plain or percent-encoded."""
    line = _CONTROL.sub(" ", text).strip()
    if secret:
        line = line.replace(secret, REDACTED)
        if "%" in line:
            line = line.replace(quote(secret, safe=""), REDACTED)
    return line if len(line) <= limit else line[: limit - 1] + "…"
