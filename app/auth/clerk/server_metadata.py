"""What the issuer says of its endpoints (RFC 8414), for clients that look for it on our side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.auth.clerk.fetching import FetchError
from app.auth.clerk.shared_fetch import SharedFetch
from app.auth.verifier import VerifierUnavailableError

if TYPE_CHECKING:
    from app.auth.clerk.fetching import Fetcher, JsonObject

_FRESH_FOR: Final = 600.0
_COOL_DOWN: Final = 5.0


class ServerMetadata:
    """The issuer's metadata: fetched when asked for, kept, and served on while the issuer is away.

    Args:
        issuer: The issuer, exactly as its metadata names it.
        fetcher: Gets the document, within its deadline and bound.
    """

    def __init__(self, issuer: str, fetcher: Fetcher) -> None:
        self._issuer = issuer
        self._url = metadata_url(issuer)
        self._fetcher = fetcher
        self._fetch = SharedFetch(self._replace, cool_down=_COOL_DOWN)
        self._document: JsonObject = {}
        self._fetched = float("-inf")

    async def document(self) -> JsonObject:
        """Return the metadata.

        Raises:
            VerifierUnavailableError: There is none yet, and the issuer gives none.
        """
        if time.monotonic() - self._fetched > _FRESH_FOR:
            try:
                await self._fetch.run()
            except VerifierUnavailableError:
                if not self._document:
                    raise
        return self._document

    async def aclose(self) -> None:
        """End a fetch that is under way."""
        await self._fetch.aclose()

    async def _replace(self) -> None:
        document = await self._fetcher.get(self._url)
        if document.get("issuer") != self._issuer:
            # RFC 8414, section 3.3: such a document must not be used.
            raise FetchError(f"{self._url} speaks of another issuer")
        self._document = document
        self._fetched = time.monotonic()


def metadata_url(issuer: str) -> str:
    """Return where the issuer's metadata is (RFC 8414, section 3.1)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
