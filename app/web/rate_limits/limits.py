"""The contract between those who limit rates and those who keep the buckets."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from app.web.trusted_proxies import plain

if TYPE_CHECKING:
    from starlette.types import Scope

_IPV6_PREFIX: Final = 56
"""What a household or a small site is given; whoever has it can use any address in it."""
_NAME_HEX_DIGITS: Final = 32
_NAMES_REMEMBERED: Final = 4096


@dataclass(frozen=True)
class Limit:
    """A token bucket: full at first, a request takes one token, time brings them back in fractions.

    Attributes:
        capacity: Tokens in a full bucket: the largest burst.
        refill: Tokens that come back in a window.
        window: Seconds.
    """

    capacity: int
    refill: int
    window: float

    @cached_property
    def rate(self) -> float:
        """Tokens that come back in a second."""
        return self.refill / self.window

    @property
    def seconds_to_fill(self) -> float:
        """Seconds in which an empty bucket becomes full."""
        return self.capacity / self.rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass.

    Attributes:
        admitted: It may.
        tokens: What is left in the bucket.
    """

    admitted: bool
    tokens: float

    def retry_after(self, limit: Limit) -> int:
        """Return the whole seconds after which one more request will be admitted, 1 at least."""
        return max(1, math.ceil((1 - self.tokens) / limit.rate))


class StoreFailedError(Exception):
    """The buckets cannot be reached; the message is fit for the log."""


class UndecidedError(Exception):
    """Nobody can tell whether a request may pass, and in doubt it must not."""


class RateLimitStore(Protocol):
    """Keeps buckets by name. A bucket that is not known is full."""

    async def take(self, bucket: str, limit: Limit) -> Verdict:
        """Take one token if there is one.

        Raises:
            StoreFailedError: The buckets cannot be reached.
            UndecidedError: The same, and this store is the last word.
        """

    async def add(self, bucket: str, limit: Limit, tokens: int) -> None:
        """Add tokens, or take so many away if negative; the bucket stays between empty and full.

        Raises:
            StoreFailedError: The buckets cannot be reached.
        """

    async def aclose(self) -> None:
        """Let go of what the store holds."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """A limit, and the store that counts for it."""

    limit: Limit
    store: RateLimitStore


def address_bucket(scope: Scope) -> str:
    """Name the bucket of the client's address: all of an IPv6 /56 share one."""
    client = scope.get("client")
    return _bucket_of_address(client[0] if client else "")


@lru_cache(_NAMES_REMEMBERED)
def _bucket_of_address(host: str) -> str:
    return _name("address", _network(host) if host else "")


@lru_cache(_NAMES_REMEMBERED)
def principal_bucket(principal_id: str) -> str:
    """Name the bucket of a principal."""
    return _name("principal", principal_id)


def _network(host: str) -> str:
    try:
        address = plain(ipaddress.ip_address(host))
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address), _IPV6_PREFIX), strict=False))


def _name(kind: str, value: str) -> str:
    """Return a short name of fixed length that tells no address and no principal."""
    return hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_HEX_DIGITS]
