"""Faults on demand: what goes wrong, for which requests and how often.

A fault is clauses separated by semicolons, such as `status=429;retry_after=2;path=/prompts;times=1`:

    latency=200ms    wait first (ms or s, at most 60 s); may stand alone or with one of the next
    status=503       answer this error (400 to 599) and do nothing; retry_after=2 adds that header
    stall            do it, send headers and half of the body, then silence until the client goes away
    drop             close the connection without doing or answering anything
    drop_after       do it, then close the connection without an answer
    method=POST      only requests with this method
    path=/prompts    only requests whose path contains this text
    rate=0.1         only this fraction of them, evenly spread and always the same ones
    times=1          only the first so many of them
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MAX_LATENCY_SECONDS: Final = 60.0
_MAX_TRACKED: Final = 256
_ACTIONS: Final = ("status", "stall", "drop", "drop_after")


@dataclass(frozen=True, slots=True)
class Fault:
    """A parsed fault. `latency` is in seconds; `action` is status, stall, drop, drop_after or None."""

    text: str
    latency: float = 0.0
    action: str | None = None
    status: int = 0
    retry_after: int | None = None
    method: str | None = None
    path: str = ""
    rate: Fraction = Fraction(1)
    times: int | None = None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Parse a fault.

        Raises:
            ValueError: `text` is not a fault; the message says what is wrong.
        """
        clauses: dict[str, str | None] = {}
        for clause in text.split(";"):
            name, given, value = clause.strip().partition("=")
            if name not in _CLAUSES:
                raise ValueError(
                    f"{clause.strip()!r} is not a fault clause; the clauses are {', '.join(_CLAUSES)}."
                )
            if name in clauses:
                raise ValueError(f"The clause {name} is given twice.")
            clauses[name] = _read_clause(name, value if given else None)
        actions = [name for name in _ACTIONS if name in clauses]
        if len(actions) > 1:
            raise ValueError(f"A fault has one action, this has {' and '.join(actions)}.")
        if not actions and "latency" not in clauses:
            raise ValueError(f"A fault needs latency or one of {', '.join(_ACTIONS)}.")
        if "retry_after" in clauses and "status" not in clauses:
            raise ValueError("retry_after goes with status.")
        return cls(
            text=text,
            latency=_seconds(clauses.get("latency") or "0s"),
            action=actions[0] if actions else None,
            status=int(clauses.get("status") or 0),
            retry_after=int(clauses["retry_after"] or 0) if "retry_after" in clauses else None,
            method=clauses.get("method"),
            path=clauses.get("path") or "",
            rate=Fraction(clauses.get("rate") or 1),
            times=int(clauses["times"] or 0) if "times" in clauses else None,
        )

    def concerns(self, method: str, path: str) -> bool:
        """Say whether a request is one this fault is meant for."""
        return self.method in (None, method) and self.path in path


def _seconds(latency: str) -> float:
    return float(latency[:-2]) / 1000 if latency.endswith("ms") else float(latency[:-1])


# Each clause with the form of its value (None: it has none), a further test, and the form in words.
_ANY: Final[Callable[[str], bool]] = bool
_CLAUSES: Final[dict[str, tuple[str | None, Callable[[str], bool], str]]] = {
    "latency": (
        r"\d{1,6}(\.\d{1,3})?(ms|s)",
        lambda value: _seconds(value) <= MAX_LATENCY_SECONDS,
        "a time up to 60s such as 200ms or 1.5s",
    ),
    "status": (r"[45]\d\d", _ANY, "an error status from 400 to 599"),
    "retry_after": (r"\d{1,5}", _ANY, "a number of seconds"),
    "stall": (None, _ANY, "written without a value"),
    "drop": (None, _ANY, "written without a value"),
    "drop_after": (None, _ANY, "written without a value"),
    "method": (r"GET|POST|PUT|PATCH|DELETE", _ANY, "GET, POST, PUT, PATCH or DELETE"),
    "path": (r"/[!-~]*", _ANY, "a part of a path, starting with /"),
    "rate": (
        r"[01](\.\d{1,6})?",
        lambda value: 0 < Fraction(value) <= 1,
        "a fraction above 0 and up to 1, such as 0.1",
    ),
    "times": (r"[1-9]\d{0,5}", _ANY, "a number from 1"),
}


def _read_clause(name: str, value: str | None) -> str | None:
    form, test, words = _CLAUSES[name]
    if form is None:
        good = value is None
    else:
        good = value is not None and re.fullmatch(form, value) is not None and test(value)
    if not good:
        raise ValueError(f"The clause {name} must be {words}.")
    return value


class Faults:
    """Decides which requests meet a fault, and counts for `rate` and `times`.

    Counting starts anew with each different text; the last 256 texts are remembered.
    """

    def __init__(self, default: str | None) -> None:
        """Start with a default fault, or none.

        Raises:
            ValueError: `default` is not a fault.
        """
        self._initial = default
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.default = Fault.parse(default) if default else None

    def set_default(self, text: str | None) -> None:
        """Set the fault of requests that name none, and count from zero.

        Raises:
            ValueError: `text` is not a fault.
        """
        self.default = Fault.parse(text) if text else None
        self._counts.clear()

    def reset(self) -> None:
        """Go back to the initial default."""
        self.set_default(self._initial)

    def pick(self, text: str | None, method: str, path: str) -> Fault | None:
        """Return the fault that a request meets, if any.

        Args:
            text: The fault that the request names itself; None means the default.
            method: Its method.
            path: Its path.

        Raises:
            ValueError: `text` is not a fault.
        """
        fault = self.default if text is None else Fault.parse(text)
        if fault is None or not fault.concerns(method, path):
            return None
        seen, met = self._counts.pop(fault.text, (0, 0))
        meets = int((seen + 1) * fault.rate) > int(seen * fault.rate) and (
            fault.times is None or met < fault.times
        )
        self._counts[fault.text] = (seen + 1, met + meets)
        if len(self._counts) > _MAX_TRACKED:
            self._counts.popitem(last=False)
        return fault if meets else None
