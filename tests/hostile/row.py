"""What a row of the table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.hostile.world import ServiceName, World

Request: TypeAlias = bytes | Callable[[World], bytes]
NOT_THERE = None
"""As the value of a header: it must not be in the answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """A request, and the answer it must get.

    Attributes:
        name: Says in words what is odd.
        request: Its bytes; `{n}` in them counts how often it was sent.
        status: Of the answer, exactly.
        code: In the error of the answer: a word of the web layer, a number of JSON-RPC, None for no error.
        service: Which service it goes to.
        headers: What headers of the answer must be.
        closes: The service ends the connection after the answer; else it must still be good for a request.
        further: Statuses of the answers after the first, to requests of the same bytes.
        times: How often it is sent; the last answer is looked at.
        client: Address of the caller that the access log must name.
        https: The service must take the client to come over HTTPS.
        stalls: The request stays incomplete, and the deadlines for heads and for what is left of bodies are
            short: the service must give the connection up.
    """

    name: str
    request: Request
    status: int
    code: str | int | None = None
    service: ServiceName = "open"
    headers: Mapping[str, str | None] = field(default_factory=dict)
    closes: bool = False
    further: tuple[int, ...] = ()
    times: int = 1
    client: str | None = None
    https: bool = False
    stalls: bool = False


def refused(name: str, request: Request) -> Row:
    """A request that is malformed as HTTP: 400, and the end of the connection."""
    return Row(name, request, 400, "bad_request", closes=True)
