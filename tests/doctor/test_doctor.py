"""Set-ups that are broken, and what the doctor says of each: the fault, and what to do."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from app.cli import main
from app.doctor import run_doctor
from app.sandbox.keys import ADMIN_KEY, NO_SCOPES_KEY, WORKSPACE_KEY
from tests.doctor.surroundings import Proxy, deployment, served, stub
from tests.end_to_end.recorded_portkey import recorded_portkey
from tests.end_to_end.services import TOKEN, pointing_at
from tests.support.certificates import Authority, Files
from tests.support.own_redis import OwnRedis
from tests.web.support import until

BEARER = {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN}
PASSWORD = "right-0123456789abcdef"


class Report:
    """What the doctor wrote for programs."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        self.findings: list[dict[str, Any]] = json.loads(text)["findings"]

    def of(self, level: str) -> str:
        """Return message and fix of each finding of a level."""
        return "\n".join(
            f"{one['check']}: {one['message']} -> {one['fix']}"
            for one in self.findings
            if one["level"] == level
        )


async def examined(env: Mapping[str, str]) -> Report:
    out = io.StringIO()
    code = await asyncio.to_thread(run_doctor, env, as_json=True, out=out)
    return Report(code, out.getvalue())


async def test_a_wrong_redis_password(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    with redis.Redis.from_url(own_redis.url) as connection:
        connection.config_set("requirepass", PASSWORD)
    wrong = own_redis.url.replace("redis://", "redis://:wrong-password-0123@")
    report = await examined({"MCP_REDIS_URL": wrong})
    assert report.code == 2
    assert "refuses the password. -> Put the right user and password into MCP_REDIS_URL" in report.of(
        "problem"
    )
    assert "wrong-password" not in report.text
    report = await examined({"MCP_REDIS_URL": own_redis.url})
    assert "wants a password" in report.of("problem")


async def test_a_redis_that_is_down(unused_port: int) -> None:
    report = await examined({"REDIS_URL": f"redis://127.0.0.1:{unused_port}"})
    assert report.code == 2
    assert (
        f"127.0.0.1:{unused_port} cannot be reached. -> Start that Redis, or correct REDIS_URL"
        in report.of("problem")
    )


async def test_a_redis_that_drops_sessions(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    with redis.Redis.from_url(own_redis.url) as connection:
        connection.config_set("maxmemory", "64mb")
        connection.config_set("maxmemory-policy", "allkeys-lru")
        report = await examined({"MCP_REDIS_URL": own_redis.url})
        assert report.code == 2
        assert "allkeys-lru" in report.of("problem")
        assert "Set maxmemory-policy noeviction" in report.of("problem")
        connection.config_set("maxmemory-policy", "noeviction")
    report = await examined({"MCP_REDIS_URL": own_redis.url})
    assert not report.of("problem")
    assert "The clock of this machine agrees" in report.of("ok")


def clerk(issuer: str, **more: str) -> dict[str, str]:
    return {"MCP_AUTH_MODE": "clerk", "CLERK_ISSUER": issuer, "CLERK_AUDIENCE": "https://x.test/mcp", **more}


METADATA = "/.well-known/oauth-authorization-server"
KEYS = "/.well-known/jwks.json"


async def test_a_wrong_issuer() -> None:
    with stub({METADATA: {"issuer": "https://clerk.example.com"}}) as url:
        report = await examined(clerk(url))
    assert report.code == 2
    assert f"CLERK_ISSUER is {url}" in report.of("problem")
    assert "-> Set CLERK_ISSUER=https://clerk.example.com, exactly so." in report.of("problem")


async def test_an_issuer_that_is_none(unused_port: int) -> None:
    report = await examined(clerk(f"http://127.0.0.1:{unused_port}"))
    assert "nothing accepts connections there" in report.of("problem")
    assert "Set CLERK_ISSUER to the Frontend API URL" in report.of("problem")


async def test_keys_that_are_not_where_they_should_be() -> None:
    answers: dict[str, Any] = {}
    with stub(answers) as url:
        answers[METADATA] = {"issuer": url}
        report = await examined(clerk(url))
        assert "it answers 404. -> Unset CLERK_JWKS_URL" in report.of("problem")
        answers[KEYS] = {"keys": [{"kid": "1"}]}
        report = await examined(clerk(url, MCP_PUBLIC_BASE_URL="http://127.0.0.1:1"))
    assert "Its 1 key(s) can be fetched" in report.of("ok")
    assert "Set CLERK_AUDIENCE=http://127.0.0.1:1/mcp" in report.of("warning")


async def test_an_expired_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = await behind_certificate(tmp_path, monkeypatch, ends=timedelta(minutes=-1))
    assert report.code == 2
    assert "certificate has expired" in report.of("problem")
    assert "-> Renew the certificate" in report.of("problem")


async def test_a_certificate_that_expires_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = await behind_certificate(tmp_path, monkeypatch, ends=timedelta(days=3))
    assert "It expires in 3 days. -> Renew it" in report.of("warning")


async def test_a_certificate_of_nobody_who_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await behind_certificate(tmp_path, monkeypatch, trusted=False)
    assert "its certificate is not accepted" in report.of("problem")
    assert "set SSL_CERT_FILE" in report.of("problem")


async def behind_certificate(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    ends: timedelta = timedelta(days=90),
    trusted: bool = True,
) -> Report:
    authority, files = Authority(), Files(folder)
    files.write(authority.issue(begins=timedelta(days=-30), ends=ends))
    (folder / "ca.pem").write_bytes(authority.pem)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    with stub({}, tls=server_context(files)) as url:
        return await examined({"MCP_PUBLIC_BASE_URL": url})


def server_context(files: Files) -> Any:
    import ssl  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


@pytest.mark.parametrize(
    ("key", "level", "finding"),
    [
        ("no-such-key", "problem", "does not accept the key (401). -> Put an Admin API key"),
        (NO_SCOPES_KEY, "problem", "lets it do nothing (403). -> Give the key of PORTKEY_API_KEY scopes"),
        (WORKSPACE_KEY, "warning", "-> Give it their scopes"),
        (ADMIN_KEY, "ok", "accepts the key for all"),
    ],
)
async def test_a_key_that_portkey_refuses(key: str, level: str, finding: str) -> None:
    async with recorded_portkey() as portkey:
        report = await examined(pointing_at(portkey.url, key))
    assert finding in report.of(level)
    assert key not in report.text
    assert {request.path for request in portkey.requests}


async def test_a_portkey_that_is_not_there(unused_port: int) -> None:
    report = await examined(pointing_at(f"http://127.0.0.1:{unused_port}/v1"))
    assert "cannot be reached. -> Correct PORTKEY_BASE_URL" in report.of("problem")


async def test_a_clock_that_is_off() -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    with stub({"/v1": {}}, date=late) as url:
        report = await examined(pointing_at(f"{url}/v1"))
    assert report.code == 2
    assert "seconds ahead of that of Portkey" in report.of("problem")
    assert "-> Have both set by NTP" in report.of("problem")


async def test_a_base_url_that_points_elsewhere() -> None:
    with stub({"/health": {"hello": "world"}}) as url:
        report = await examined({"MCP_PUBLIC_BASE_URL": url})
    assert report.code == 2
    assert f"{url} is something else: /health answers 200 and /auth/info 404" in report.of("problem")
    assert "-> Correct MCP_PUBLIC_BASE_URL" in report.of("problem")


async def test_a_base_url_of_another_deployment() -> None:
    async with deployment({"MCP_PUBLIC_BASE_URL": "https://other.example.com"}) as url:
        report = await examined({"MCP_PUBLIC_BASE_URL": url})
    assert "advertises https://other.example.com/mcp" in report.of("problem")


@asynccontextmanager
async def behind(proxy: Proxy, **more: str) -> AsyncIterator[dict[str, str]]:
    """Yield the settings of a service that is reached by way of a proxy."""
    async with served(proxy) as public:
        settings = {**BEARER, "MCP_PUBLIC_BASE_URL": public, **more}
        async with deployment(settings) as proxy.upstream:
            yield settings


async def test_a_good_proxy() -> None:
    async with behind(Proxy()) as settings, recorded_portkey() as portkey:
        report = await examined({**settings, **pointing_at(portkey.url, ADMIN_KEY)})
    assert (report.code, report.of("warning") + report.of("problem")) == (0, "")
    assert "Streams arrive as they are sent" in report.of("ok")
    assert "A token arrives at the service" in report.of("ok")
    assert TOKEN not in report.text


async def test_a_proxy_that_buffers() -> None:
    async with behind(Proxy(buffers=True), MCP_STREAM_MAX_AGE_SECONDS="8") as settings:
        report = await examined(settings)
    assert report.code == 2
    assert "a proxy buffers it. -> Switch buffering off" in report.of("problem")


@pytest.mark.parametrize(
    ("proxy", "level", "finding"),
    [
        (
            Proxy(without_request=frozenset({"authorization"})),
            "problem",
            "removes the Authorization header: every caller is refused. -> Have it pass Authorization on",
        ),
        (
            Proxy(without_answer=frozenset({"www-authenticate"})),
            "problem",
            "clients cannot log in. -> Have it pass WWW-Authenticate back",
        ),
        (Proxy(without_answer=frozenset({"x-request-id"})), "warning", "Have it pass X-Request-Id on"),
    ],
)
async def test_a_proxy_that_removes_headers(proxy: Proxy, level: str, finding: str) -> None:
    async with behind(proxy) as settings:
        report = await examined(settings)
    assert finding in report.of(level)


async def test_an_audit_file_that_cannot_be_written(tmp_path: Path) -> None:
    report = await examined({"MCP_AUDIT_FILE": str(tmp_path / "missing" / "audit.jsonl")})
    assert report.code == 2
    assert "MCP_AUDIT_FILE=" in report.of("problem")
    assert "-> Make its directory first" in report.of("problem")
    report = await examined({"MCP_AUDIT_FILE": str(tmp_path / "audit.jsonl")})
    assert "can be written" in report.of("ok")


async def test_settings_that_cannot_be_used_are_told_without_their_secrets() -> None:
    report = await examined({"MCP_PORT": "many", "PORTKEY_BASE_URL": "https://user:hidden@api.test"})
    assert report.code == 2
    assert 'MCP_PORT="many" cannot be used. -> Use a whole number' in report.of("problem")
    assert "hidden" not in report.text


def test_people_get_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"], {}) == 1
    written = capsys.readouterr()
    assert "warning  Portkey: There is no Portkey key" in written.out
    assert "-> Set PORTKEY_API_KEY" in written.out
    assert written.out.rstrip().endswith("0 problem")
    assert not written.err
