"""The clock of this machine, next to those of others."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

from app.doctor.asking import NoAnswerError
from app.doctor.finding import Case, Finding

_NOTICED: Final = 5.0
"""Seconds beyond which clocks differ; the Date header has whole ones, and an answer takes some time."""
_HARMFUL: Final = 60.0


async def check_clock(case: Case) -> AsyncIterator[Finding]:
    """Compare it with the Date header of Portkey and of the issuer."""
    settings = case.settings
    places = {"Portkey": settings.portkey_base_url} if settings.reaches_portkey else {}
    if settings.auth_mode == "clerk" and settings.clerk_issuer:
        places["the issuer"] = settings.clerk_issuer
    for name, url in places.items():
        try:
            reply = await case.asker.ask("GET", url)
        except NoAnswerError:
            continue  # that is told by the check of this part
        if reply.moment is not None:
            yield judge("clock", name, reply.moment, time.time())


def judge(check: str, whose: str, theirs: float, ours: float) -> Finding:
    """Say how two clocks differ.

    Args:
        check: What is looked at.
        whose: Whose clock the other one is.
        theirs: Its Unix time.
        ours: That of this machine.
    """
    skew = ours - theirs
    if abs(skew) <= _NOTICED:
        return Finding(check, "ok", f"The clock of this machine agrees with that of {whose}.")
    direction = "ahead of" if skew > 0 else "behind"
    return Finding(
        check,
        "problem" if abs(skew) > _HARMFUL else "warning",
        f"The clock of this machine is {abs(skew):.0f} seconds {direction} that of {whose}: tokens are taken"
        " for expired or not yet valid, and what replicas keep for each other ends early or late.",
        "Have both set by NTP (timedatectl set-ntp true); on a virtual machine, also the clock of its host.",
    )
