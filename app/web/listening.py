"""Binds the address to listen on, and explains it when that does not work."""

from __future__ import annotations

import errno
import os
import socket

_ANY_IPV6 = "::"


class BindError(Exception):
    """The address cannot be listened on; the message says which setting to change."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Bind every address that `host` stands for.

    Args:
        host: An address or a name; "::" takes IPv4 connections too.
        port: 0 lets the system choose.

    Returns:
        At least one bound socket, not yet listening.

    Raises:
        BindError: None could be bound, or one is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise BindError(_unknown_host(host)) from None
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        bound = socket.socket(family, kind, protocol)
        try:
            _bind_one(bound, family, address, dual_stack=host == _ANY_IPV6)
        except OSError as error:
            bound.close()
            failure = error
            # "localhost" may stand for ::1 where there is no IPv6; the other address will do.
            if error.errno != errno.EADDRNOTAVAIL:
                break
        else:
            sockets.append(bound)
    if failure is not None and (failure.errno != errno.EADDRNOTAVAIL or not sockets):
        for bound in sockets:
            bound.close()
        raise BindError(_explain(host, port, failure)) from failure
    return sockets


def _bind_one(bound: socket.socket, family: int, address: object, *, dual_stack: bool) -> None:
    if os.name == "posix":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not dual_stack)
    bound.bind(address)  # type: ignore[arg-type]  # whatever getaddrinfo gave


def _unknown_host(host: str) -> str:
    return (
        f"{host!r} is not an address of this machine. Set MCP_HOST to 127.0.0.1, 0.0.0.0 or one of its own."
    )


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop it, or set MCP_PORT to a free port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Set MCP_PORT to a port above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return _unknown_host(host)
    return f"Cannot listen on {host} port {port}: {error.strerror}. Check MCP_HOST and MCP_PORT."
