from __future__ import annotations

import errno
import socket

import pytest

from app.web import listening
from app.web.listening import BindError, bind


def close(sockets: list[socket.socket]) -> None:
    for bound in sockets:
        bound.close()


def test_port_zero_lets_the_system_choose() -> None:
    sockets = bind("127.0.0.1", 0)
    assert sockets[0].getsockname()[1] > 0
    close(sockets)


def test_a_name_is_bound_at_the_addresses_it_has_here() -> None:
    sockets = bind("localhost", 0)
    assert sockets
    close(sockets)


def test_a_taken_port_is_explained_with_the_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BindError, match=rf"Port {port} on 127.0.0.1 is taken.*MCP_PORT"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid"])
def test_a_foreign_address_is_explained_with_the_setting_to_change(host: str) -> None:
    with pytest.raises(BindError, match=f"'{host}' is not an address of this machine.*MCP_HOST"):
        bind(host, 0)


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.EACCES, "may not listen on port 80"), (errno.ENOBUFS, "Cannot listen on 127.0.0.1")],
)
def test_other_failures_are_explained_too(code: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(listening, "_bind_one", refuse)
    with pytest.raises(BindError, match=words):
        bind("127.0.0.1", 80)


def addresses(*hosts: str) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in hosts]


def test_an_address_that_this_machine_lacks_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses("192.0.2.1", "127.0.0.1"))
    sockets = bind("localhost", 0)
    assert [bound.getsockname()[0] for bound in sockets] == ["127.0.0.1"]
    close(sockets)


def test_one_taken_address_of_several_frees_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = (socket.AF_INET, socket.SOCK_STREAM, 6, "", other.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [*addresses("127.0.0.1"), taken])
        with pytest.raises(BindError, match="taken"):
            bind("localhost", 0)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_every_interface_includes_ipv4() -> None:
    sockets = bind("::", 0)
    sockets[0].listen()
    with socket.create_connection(("127.0.0.1", sockets[0].getsockname()[1]), timeout=5):
        pass
    close(sockets)
