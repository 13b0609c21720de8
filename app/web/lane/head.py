"""What the head of a POST to /mcp says, remembered: clients send the same one with every request."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.auth.portkey_key import HEADER as PORTKEY_KEY
from app.web import paths
from app.web.forwarded import find_caller
from app.web.middleware.content_type import JSON, is_json
from app.web.middleware.cors import add_cors, welcome_origin
from app.web.middleware.host import is_host_welcome
from app.web.middleware.request_id import HEADER as REQUEST_ID
from app.web.middleware.security_headers import add_security_headers

if TYPE_CHECKING:
    from starlette.types import Message, Scope

    from app.web.options import WebOptions

AUTHORIZATION: Final = b"authorization"
CONTENT_LENGTH: Final = b"content-length"
BROUGHT_KEY: Final = PORTKEY_KEY.encode()
LISTEN: Final = b"subscriptions/listen"

_OF_EACH_REQUEST: Final = frozenset(
    {
        AUTHORIZATION,
        BROUGHT_KEY,
        CONTENT_LENGTH,
        REQUEST_ID,
        b"mcp-method",
        b"mcp-name",
        b"mcp-session-id",
        b"traceparent",
        b"tracestate",
        b"baggage",
    }
)
"""Headers that differ between the requests of a client, or are secret and not to be remembered."""
_UNUSUAL: Final = frozenset({b"content-encoding", b"expect", b"last-event-id", b"transfer-encoding"})
_OWS: Final = b" \t"
_OF_THE_CONNECTION: Final = -1
"""Stands for a port where none is told."""
_REMEMBERED: Final = 1024
_LARGEST: Final = 4096
"""Bytes of a head that is remembered."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the lasting part of a head says.

    Attributes:
        headers: Its headers, as what is behind the web layer finds them.
        client: The client's address and port; the port is None where it is that of the connection.
        scheme: What the client speaks.
        origin: The origin whose pages may read the answer.
        answer: The headers of every answer.
        answer_names: Their names.
    """

    headers: list[tuple[bytes, bytes]]
    client: tuple[str, int | None] | None
    scheme: str
    origin: str | None
    answer: tuple[tuple[bytes, bytes], ...]
    answer_names: frozenset[bytes]


class Heads:
    """Judges heads, each one once.

    Args:
        options: Who is welcome, from where.
    """

    def __init__(self, options: WebOptions) -> None:
        self._options = options
        self._paths = frozenset(paths.spellings(paths.MCP))
        self._known: OrderedDict[object, Head | None] = OrderedDict()

    def read(self, scope: Scope) -> tuple[Head, dict[bytes, bytes]] | None:
        """Return what the head of a request says, and the headers that are of this request alone.

        None for a request that is no POST to /mcp, and for a head with anything in it to object to or to
        look at more closely.
        """
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._paths:
            return None
        own: dict[bytes, bytes] = {}
        lasting: list[tuple[bytes, bytes]] = []
        for pair in scope["headers"]:
            name = pair[0]
            if name in _OF_EACH_REQUEST:
                if name in own:
                    return None
                own[name] = pair[1].strip(_OWS)
            else:
                lasting.append(pair)
        peer = scope.get("client")
        key = (peer and peer[0], scope["scheme"], *lasting)
        try:
            head = self._known[key]
        except KeyError:
            head = self._judge(scope, lasting)
            self._remember(key, head)
        else:
            self._known.move_to_end(key)
        return None if head is None else (head, own)

    def _remember(self, key: object, head: Head | None) -> None:
        if head is None or sum(len(name) + len(value) for name, value in head.headers) > _LARGEST:
            return
        if len(self._known) >= _REMEMBERED:
            self._known.popitem(last=False)
        self._known[key] = head

    def _judge(self, scope: Scope, lasting: list[tuple[bytes, bytes]]) -> Head | None:
        options = self._options
        headers = [(name, value.strip(_OWS)) for name, value in lasting]
        fields = dict(headers)
        seen: Scope = {"headers": headers}
        if (
            len(fields) != len(headers)
            or not fields.keys().isdisjoint(_UNUSUAL)
            or not is_json(fields.get(b"content-type", b""))
            or (options.allowed_hosts is not None and not is_host_welcome(seen, options.allowed_hosts))
        ):
            return None
        origin = welcome_origin(seen, options.allowed_origins)
        if b"origin" in fields and origin is None:
            return None
        peer = scope.get("client")
        caller = find_caller(peer and (peer[0], _OF_THE_CONNECTION), headers, options.trusted_proxies)
        scheme = caller.scheme or scope["scheme"]
        client = peer and (peer[0], None)
        if caller.address is not None:
            port = None if caller.port == _OF_THE_CONNECTION else caller.port
            client = (str(caller.address), port)
        answer: Message = {"headers": []}
        add_cors(answer, origin)
        add_security_headers(answer, https=scheme == "https")
        fields[b"content-type"] = JSON
        return Head(
            headers=list(fields.items()),
            client=client,
            scheme=scheme,
            origin=origin,
            answer=tuple(answer["headers"]),
            answer_names=frozenset(name for name, _ in answer["headers"]),
        )
