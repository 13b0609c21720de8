from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from app.web.trusted_proxies import TrustedProxies
from tests.web.support import Mcp, build, client

HEADERS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


async def test_behind_a_local_proxy_the_client_is_the_one_that_it_names() -> None:
    mcp = Mcp()
    with capture_logs() as logs:
        async with client(build(mcp)) as http:
            await http.post("/mcp", json={}, headers=HEADERS)
    assert mcp.scope["client"] == ("203.0.113.9", 0)
    assert mcp.scope["scheme"] == "https"
    assert [line["client"] for line in logs if line["event"] == "http_request"] == ["203.0.113.9"]


@pytest.mark.parametrize("setting", ["false", "10.0.0.0/8"])
async def test_a_peer_that_is_no_proxy_cannot_choose_its_address(setting: str) -> None:
    mcp = Mcp()
    with capture_logs() as logs:
        async with client(build(mcp, trusted_proxies=TrustedProxies.parse(setting))) as http:
            await http.post("/mcp", json={}, headers=HEADERS)
    assert mcp.scope["client"][0] == "127.0.0.1"
    assert mcp.scope["scheme"] == "http"
    assert [line["client"] for line in logs if line["event"] == "http_request"] == ["127.0.0.1"]


async def test_the_host_is_never_taken_from_a_proxy() -> None:
    mcp = Mcp()
    headers = {"X-Forwarded-Host": "evil.test", "Forwarded": "for=203.0.113.9;host=evil.test"}
    async with client(build(mcp)) as http:
        await http.post("/mcp", json={}, headers=headers)
    assert dict(mcp.scope["headers"])[b"host"] == b"127.0.0.1:3000"
