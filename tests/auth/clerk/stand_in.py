"""A stand-in for Clerk that really runs: authorization server, key set and Backend API on one port.

It consents by itself: whoever comes to /oauth/authorize is `user`. Faults are played by `mode`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

Mode = Literal["up", "down", "hang", "drop", "garbage", "empty", "huge", "redirect", "list"]
SECRET_KEY = "sk_test_0123456789abcdef"
SCOPES = ["openid", "profile", "portkey:read", "portkey:write", "portkey:admin", "offline_access"]
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class SigningKey:
    """A key pair of the issuer."""

    key_id: str
    algorithm: str = "ES256"
    private: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        if isinstance(self.private, rsa.RSAPrivateKey):
            shape: dict[str, Any] = RSAAlgorithm.to_jwk(public, as_dict=True)
        elif isinstance(self.private, ed25519.Ed25519PrivateKey):
            shape = OKPAlgorithm.to_jwk(public, as_dict=True)
        else:
            shape = ECAlgorithm.to_jwk(public, as_dict=True)
        return {**shape, "kid": self.key_id, "alg": self.algorithm, "use": "sig"}


@dataclass
class StandIn:
    """The state of the stand-in; tests change it while it runs."""

    issuer: str = ""
    mode: Mode = "up"
    user: str = "user_ada"
    signing: SigningKey = field(default_factory=lambda: SigningKey("key-1", "RS256", RSA_KEY))
    published: list[dict[str, Any]] = field(default_factory=list)
    opaque: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh_tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    token_lifetime: int = 3600
    jwks_delay: float = 0.0
    introspection_status: int = 200
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.published = self.published or [self.signing.jwk()]

    def reset(self) -> None:
        """Forget everything but the address."""
        self.released.set()
        vars(self).update(vars(StandIn(issuer=self.issuer)))

    def rotate(self, key_id: str, *, keep: int = 1) -> SigningKey:
        """Sign with a new key from now on, and publish only it and the newest `keep` of the old ones."""
        self.signing = SigningKey(key_id)
        self.published = [self.signing.jwk(), *self.published[:keep]]
        return self.signing

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of an OAuth access token for https://mcp.test/mcp; a change to None leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.user,
            "aud": "https://mcp.test/mcp",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "client_id": "client-1",
            "jti": secrets.token_hex(8),
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def access_token(
        self, *, key: SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        key = key or self.signing
        headers = {"kid": key.key_id, "typ": "at+jwt"} | (header or {})
        return jwt.encode(self.claims(**changes), key.private, algorithm=key.algorithm, headers=headers)

    def session_token(self, *, key: SigningKey | None = None, **changes: Any) -> str:
        """A session token of version 2, as it comes from Clerk: no audience."""
        session = {"aud": None, "client_id": None, "azp": "https://app.test", "sid": "sess_1", "v": 2}
        return self.access_token(key=key, header={"typ": "JWT"}, **(session | changes))

    # --- what it answers ---

    async def jwks(self, _request: Request) -> Response:
        self.requests["jwks"] += 1
        published = list(self.published)
        if self.jwks_delay:
            await asyncio.sleep(self.jwks_delay)
        return await self.faulty(JSONResponse({"keys": published}))

    async def metadata(self, _request: Request) -> Response:
        self.requests["metadata"] += 1
        return await self.faulty(
            JSONResponse(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/oauth/authorize",
                    "token_endpoint": f"{self.issuer}/oauth/token",
                    "registration_endpoint": f"{self.issuer}/oauth/register",
                    "jwks_uri": f"{self.issuer}/.well-known/jwks.json",
                    "scopes_supported": SCOPES,
                    "response_types_supported": ["code"],
                    "grant_types_supported": ["authorization_code", "refresh_token"],
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
                    "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": True,
                }
            )
        )

    async def faulty(self, response: Response) -> Response:
        if self.mode == "hang":
            await self.released.wait()
        return {
            "down": Response("maintenance", 503),
            "garbage": Response("<html>not json</html>"),
            "list": JSONResponse([]),
            "empty": JSONResponse({"keys": []}),
            "huge": Response(b" " * 1_000_000),
            "redirect": RedirectResponse(f"{self.issuer}/elsewhere"),
            "drop": _Dropped(),
        }.get(self.mode, response)

    async def register(self, request: Request) -> Response:
        client = await request.json()
        client_id = f"client-{secrets.token_hex(4)}"
        self.clients[client_id] = client
        self.requests["register"] += 1
        return JSONResponse({**client, "client_id": client_id, "client_id_issued_at": int(time.time())}, 201)

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        client = self.clients[asked["client_id"]]
        assert asked["redirect_uri"] in client["redirect_uris"]
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert set(asked.get("scope", "").split()) <= set(SCOPES), "invalid_scope"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.requests["authorize"] += 1
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.requests[form["grant_type"]] += 1
        if form["grant_type"] == "refresh_token":
            grant = self.refresh_tokens.pop(form["refresh_token"])
        else:
            grant = self.codes.pop(form["code"])
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if challenge != grant["code_challenge"] or form["redirect_uri"] != grant["redirect_uri"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self.granted(grant))

    def granted(self, grant: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        refresh_token = secrets.token_urlsafe(16)
        self.refresh_tokens[refresh_token] = grant
        token = self.access_token(
            aud=grant.get("resource"),
            client_id=grant["client_id"],
            scope=grant.get("scope"),
            exp=now + self.token_lifetime,
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_lifetime,
            "scope": grant.get("scope", ""),
            "refresh_token": refresh_token,
        }

    async def verify_opaque(self, request: Request) -> Response:
        self.requests["introspection"] += 1
        if request.headers["authorization"] != f"Bearer {SECRET_KEY}":
            return JSONResponse({"errors": []}, 401)
        if self.introspection_status != 200:
            return JSONResponse({"errors": []}, self.introspection_status)
        record = self.opaque.get((await request.json())["access_token"])
        return await self.faulty(
            JSONResponse({"errors": [{"code": "not_found"}]}, 404) if record is None else JSONResponse(record)
        )

    def grant_opaque(self, token: str, **changes: Any) -> str:
        self.opaque[token] = {
            "object": "clerk_idp_oauth_access_token",
            "id": "oat_id",
            "client_id": "client-1",
            "subject": self.user,
            "scopes": ["profile", "portkey:read"],
            "revoked": False,
            "expired": False,
            "expiration": None,
        } | changes
        return token

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/jwks.json", self.jwks),
                Route("/.well-known/oauth-authorization-server", self.metadata),
                Route("/oauth/register", self.register, methods=["POST"]),
                Route("/oauth/authorize", self.authorize),
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/oauth_applications/access_tokens/verify", self.verify_opaque, methods=["POST"]),
            ]
        )


class _Dropped(Response):
    """Breaks the connection off in the middle of the answer."""

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


@asynccontextmanager
async def running_clerk() -> AsyncIterator[StandIn]:
    """Serve a stand-in on a port of its own for the time of the block."""
    clerk = StandIn()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        clerk.issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            clerk.application(), log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(10):
                while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(0.01)
            yield clerk
        finally:
            clerk.released.set()
            server.should_exit = True
            async with asyncio.timeout(10):
                await serving
