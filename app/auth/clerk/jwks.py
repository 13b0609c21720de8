"""The issuer's public keys (RFC 7517): cached, refreshed in the background, looked up when unknown."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.auth.clerk.fetching import FetchError
from app.auth.clerk.shared_fetch import SharedFetch
from app.auth.verifier import VerifierUnavailableError
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.auth.clerk.fetching import Fetcher, JsonObject

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""What may sign: asymmetric algorithms only."""

_SMALLEST_RSA_KEY: Final = 2048
_MOST_KEYS: Final = 64
_LONGEST_KEY_ID: Final = 256
_MOST_WAITING: Final = 256
_MOST_UNKNOWN: Final = 256
_UNKNOWN_FOR: Final = 5.0
_LONGEST_RETRY: Final = 60.0

_NOT_YET: Final = ComponentState("degraded", "the issuer's keys have not been fetched yet")
_NO_KEYS: Final = ComponentState("failed", "the issuer's keys cannot be fetched")
_STALE: Final = ComponentState("degraded", "the issuer's keys cannot be refreshed: the cached ones are used")


class Jwks:
    """The keys of one issuer.

    A key that is cached answers at once, also while the issuer is away. A key id that is not cached is looked
    up in a set fetched after the question came, so that a key published a moment ago counts.

    Args:
        url: Where the key set is.
        fetcher: Gets it, within its deadline.
        refresh_every: Seconds between two fetches in the background.
        cool_down: Least seconds between two fetches, whoever asks.
        keep_for: Seconds for which keys are used although the issuer has been away all the time.
    """

    def __init__(
        self,
        url: str,
        fetcher: Fetcher,
        *,
        refresh_every: float = 300.0,
        cool_down: float = 1.0,
        keep_for: float = 86_400.0,
    ) -> None:
        self._url = url
        self._fetcher = fetcher
        self._refresh_every = refresh_every
        self._first_retry = min(5.0, refresh_every)
        self._keep_for = keep_for
        self._fetch = SharedFetch(self._replace, cool_down=cool_down)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._documents: dict[str, object] = {}
        self._fetched = float("-inf")
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._waiting = 0
        self._generation = 0
        self._kept_fresh = False
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.auth")

    @property
    def generation(self) -> int:
        """A number that changes whenever a key is withdrawn or replaced."""
        return self._generation

    def state(self) -> ComponentState:
        """Return "ok" while the keys can be refreshed, "failed" when there are none to check a token with."""
        if self._fetch.failing:
            return _STALE if self._keys else _NO_KEYS
        return OK if self._keys else _NOT_YET

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key, or None when the issuer has none of this id.

        Raises:
            VerifierUnavailableError: It is not cached and the issuer cannot be asked right now.
        """
        if not self._kept_fresh and self._keys and self._age() > self._refresh_every:
            await self._refresh_quietly()
        found = self._keys.get(key_id)
        if found is not None or len(key_id) > _LONGEST_KEY_ID or self._is_known_to_be_unknown(key_id):
            return found
        if self._waiting >= _MOST_WAITING:
            raise VerifierUnavailableError("too many requests wait for the issuer's keys")
        self._waiting += 1
        try:
            return await self._look_up(key_id)
        finally:
            self._waiting -= 1

    async def keep_fresh(self) -> None:
        """Fetch now and again and again, until cancelled; after a failure sooner, at growing distances."""
        self._kept_fresh = True
        retry = self._first_retry
        try:
            while True:
                if await self._refresh_quietly():
                    retry = self._first_retry
                    await asyncio.sleep(self._refresh_every)
                else:
                    await asyncio.sleep(retry)
                    retry = min(retry * 2, _LONGEST_RETRY)
        finally:
            self._kept_fresh = False

    async def aclose(self) -> None:
        """End a fetch that is under way."""
        await self._fetch.aclose()

    async def _look_up(self, key_id: str) -> jwt.PyJWK | None:
        asked = time.monotonic()
        while True:
            await self._fetch.run()
            if key_id in self._keys:
                return self._keys[key_id]
            if self._fetch.began >= asked:
                self._unknown[key_id] = time.monotonic() + _UNKNOWN_FOR
                while len(self._unknown) > _MOST_UNKNOWN:
                    self._unknown.popitem(last=False)
                return None

    def _is_known_to_be_unknown(self, key_id: str) -> bool:
        return self._unknown.get(key_id, 0.0) > time.monotonic()

    def _age(self) -> float:
        return time.monotonic() - self._fetched

    async def _refresh_quietly(self) -> bool:
        try:
            await self._fetch.run()
        except VerifierUnavailableError as error:
            self._log.warning("issuer_keys_not_refreshed", reason=str(error), cached_keys=len(self._keys))
            return False
        return True

    async def _replace(self) -> None:
        """Fetch the set and put it in the place of the one before."""
        try:
            documents, keys = _read(await self._fetcher.get(self._url))
        except FetchError:
            if self._age() > self._keep_for:
                self._install({}, {})
            raise
        self._install(documents, keys)
        self._fetched = time.monotonic()

    def _install(self, documents: dict[str, object], keys: dict[str, jwt.PyJWK]) -> None:
        if any(documents.get(key_id) != document for key_id, document in self._documents.items()):
            self._generation += 1
        if set(keys) != set(self._keys):
            self._log.info("issuer_keys_changed", keys=len(keys))
        self._documents = documents
        self._keys = keys
        for key_id in keys:
            self._unknown.pop(key_id, None)


def _read(key_set: JsonObject) -> tuple[dict[str, object], dict[str, jwt.PyJWK]]:
    documents = _usable(key_set)
    keys = {key_id: key for key_id, document in documents.items() if (key := _key(document))}
    if not keys:
        raise FetchError("the key set holds no key that can be used")
    return documents, keys


def _usable(key_set: JsonObject) -> dict[str, object]:
    """Return the entries that are meant for signatures, by key id."""
    entries = key_set.get("keys")
    if not isinstance(entries, list):
        raise FetchError("the key set has no list of keys")
    usable: dict[str, object] = {}
    for entry in entries[:_MOST_KEYS]:
        if isinstance(entry, dict) and entry.get("use", "sig") == "sig":
            key_id = entry.get("kid")
            if isinstance(key_id, str) and 0 < len(key_id) <= _LONGEST_KEY_ID:
                usable[key_id] = entry
    return usable


def _key(document: object) -> jwt.PyJWK | None:
    """Read one entry; None for one we would not trust a signature of."""
    entry: Mapping[str, object] = document if isinstance(document, dict) else {}
    try:
        key = jwt.PyJWK(dict(entry))
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if key.algorithm_name not in ALGORITHMS:
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < _SMALLEST_RSA_KEY:
        return None
    # A private key has a public one; nobody who publishes it can be trusted to be its only holder.
    return None if hasattr(key.key, "public_key") else key
