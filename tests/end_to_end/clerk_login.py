"""A person with a browser and the official client, for tests that sign in: consent comes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

REDIRECT = "http://127.0.0.1:8976/callback"


class Person:
    """Keeps the client's tokens, and follows the link to the authorization server and back."""

    def __init__(self, tokens: OAuthToken | None = None) -> None:
        self.tokens = tokens
        self.client: OAuthClientInformationFull | None = None
        self.issued: list[str] = []
        self.asked_for: list[str] = []
        self._landed = ""

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens
        self.issued.append(tokens.access_token)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    async def open_link(self, url: str) -> None:
        self.asked_for.append(parse_qs(urlsplit(url).query)["scope"][0])
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(url)
        assert answer.status_code == 302, answer.text
        self._landed = answer.headers["location"]

    async def come_back(self) -> AuthorizationCodeResult:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self._landed).query).items()}
        return AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"])

    def provider(self, mcp_url: str) -> OAuthClientProvider:
        return OAuthClientProvider(
            mcp_url,
            OAuthClientMetadata(
                redirect_uris=[REDIRECT],
                client_name="end-to-end",
                token_endpoint_auth_method="none",
            ),
            self,
            redirect_handler=self.open_link,
            callback_handler=self.come_back,
        )


@asynccontextmanager
async def signed_in(
    mcp_url: str, person: Person, mode: Literal["auto", "legacy"] = "auto"
) -> AsyncIterator[tuple[Client, OAuthClientProvider]]:
    """Connect the official client; it is given nothing but the URL."""
    provider = person.provider(mcp_url)
    async with (
        httpx2.AsyncClient(auth=provider, timeout=30, trust_env=False) as http,
        Client(streamable_http_client(mcp_url, http_client=http), mode=mode) as client,
    ):
        yield client, provider
