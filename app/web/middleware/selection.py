"""Narrows the tools of a request by its URL: `?tools=prompts,analytics` and `?read_only=true`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from app.auth.policy import EVERYTHING, Narrowing
from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.policy import Policy

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_MOST_FIELDS: Final = 100
_MOST_SHOWN: Final = 10
_LONGEST_SHOWN: Final = 40
_LONGEST: Final = 512
"""Bytes of a query that is remembered."""
_REMEMBERED: Final = 256


class UrlSelection:
    """Puts what the URL asks for in scope["narrowing"] and narrows scope["policy"] by it.

    A URL can take tools away and never add any. One that names a domain that there is not, or not for this
    caller, is answered 400 with the names that are.
    """

    def __init__(self, app: ASGIApp, *, urls: SelectingUrls) -> None:
        """Prepare the middleware. `urls` reads the query."""
        self._app = app
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            self._urls.narrow(scope)
        except ValueError as error:
            await error_response(scope, 400, "bad_tool_selection", str(error))(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SelectingUrls:
    """Reads what a URL asks for."""

    def __init__(self, domains: Sequence[str]) -> None:
        """Prepare. `domains` are all there are, in order."""
        self._domains = tuple(domains)
        # Clients call the same URL over and over.
        self._remembered = lru_cache(_REMEMBERED)(self._read)

    def narrow(self, scope: Scope) -> None:
        """Put what the URL asks for in scope["narrowing"] and narrow scope["policy"] by it.

        Raises:
            ValueError: It asks for what there is not, or not for this caller; the message is fit for them.
        """
        granted: Policy = scope["policy"]
        query: bytes = scope["query_string"]
        narrowing = EVERYTHING
        if query:
            narrowing = (self._remembered if len(query) <= _LONGEST else self._read)(query, granted)
        scope["granted_policy"] = granted
        scope["narrowing"] = narrowing
        scope["policy"] = granted if narrowing is EVERYTHING else granted.narrowed(narrowing)

    def _read(self, query: bytes, granted: Policy) -> Narrowing:
        fields = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
        )
        lists = [value for name, value in fields if name == "tools"]
        flags = [value.strip().lower() for name, value in fields if name == "read_only"]
        if any(flag not in _TRUE | _FALSE for flag in flags):
            message = "read_only in the URL is true or false."
            raise ValueError(message)
        return Narrowing(
            domains=self._selected(lists, granted) if lists else None,
            read_only=any(flag in _TRUE for flag in flags),
        )

    def _selected(self, lists: Sequence[str], granted: Policy) -> frozenset[str]:
        names = dict.fromkeys(name.strip().lower() for given in lists for name in given.split(","))
        names.pop("", None)
        permitted = [name for name in self._domains if granted.permits_domain(name)]
        unknown = [name for name in names if name not in permitted]
        if names and not unknown:
            return frozenset(names)
        shown = ", ".join(ascii(name[:_LONGEST_SHOWN]) for name in unknown[:_MOST_SHOWN])
        found = (
            f"tools in the URL names what is not here: {shown}" if unknown else "tools in the URL is empty"
        )
        message = f"{found}. It takes domains separated by commas: {', '.join(permitted)}."
        raise ValueError(message)
