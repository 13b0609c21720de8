"""How Portkey signs in to a secret manager: the forms of `auth_config`, as the API description has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from app.catalog.inputs import Clearable, Part

Given = Annotated[str, Field(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$")]


class AuthConfig(Part):
    """The members of all forms. Unlike elsewhere, unknown ones are refused: they may be misspelt secrets."""

    aws_auth_type: Literal["accessKey", "assumedRole", "serviceRole"] | None = None
    aws_access_key_id: Given | None = None
    aws_secret_access_key: Given | None = None
    aws_region: str | None = None
    aws_role_arn: Given | None = None
    aws_external_id: Annotated[str | None, Clearable()] = None
    azure_auth_mode: Literal["entra", "managed", "default"] | None = None
    azure_entra_tenant_id: Given | None = None
    azure_entra_client_id: Given | None = None
    azure_entra_client_secret: Given | None = None
    azure_managed_client_id: str | None = None
    azure_vault_url: Url | None = None
    vault_auth_type: Literal["token", "approle", "kubernetes"] | None = None
    vault_addr: Url | None = None
    vault_token: Given | None = None
    vault_namespace: str | None = None
    vault_role_id: Given | None = None
    vault_secret_id: Given | None = None
    vault_role: Given | None = None


@dataclass(frozen=True, slots=True)
class SecretManager:
    """One kind of secret manager.

    Attributes:
        chooser: The member of `auth_config` that chooses the form.
        forms: By its value: what the form needs, and what it may have besides.
    """

    chooser: str
    forms: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def members(self) -> frozenset[str]:
        """All members of all its forms."""
        inner = [name for needed, more in self.forms.values() for name in (*needed, *more)]
        return frozenset((self.chooser, *inner))


_ENTRA: Final = ("azure_entra_tenant_id", "azure_entra_client_id", "azure_entra_client_secret")
MANAGERS: Final = {
    "aws_sm": SecretManager(
        "aws_auth_type",
        {
            "accessKey": (("aws_access_key_id", "aws_secret_access_key", "aws_region"), ()),
            "assumedRole": (("aws_role_arn", "aws_region"), ("aws_external_id",)),
            "serviceRole": ((), ("aws_region",)),
        },
    ),
    "azure_kv": SecretManager(
        "azure_auth_mode",
        {
            "entra": ((*_ENTRA, "azure_vault_url"), ()),
            "managed": (("azure_vault_url",), ("azure_managed_client_id",)),
            "default": (("azure_vault_url",), ()),
        },
    ),
    "hashicorp_vault": SecretManager(
        "vault_auth_type",
        {
            "token": (("vault_addr", "vault_token"), ("vault_namespace",)),
            "approle": (("vault_addr", "vault_role_id", "vault_secret_id"), ("vault_namespace",)),
            "kubernetes": (("vault_addr", "vault_role"), ("vault_namespace",)),
        },
    ),
}
"""By `manager_type`."""


def form_problems(manager: SecretManager, auth: AuthConfig) -> Iterator[str]:
    """Yield, as sentences, what keeps a new `auth_config` from being one of the manager's forms."""
    chosen = getattr(auth, manager.chooser)
    if chosen is None:
        yield f"auth_config needs {manager.chooser}, one of {', '.join(manager.forms)}"
        return
    needed, more = manager.forms[chosen]
    for name in needed:
        if not getattr(auth, name):
            yield f"auth_config with {manager.chooser} {chosen} also needs {name}"
    for name in sorted(_given(auth) - {manager.chooser, *needed, *more}):
        yield f"auth_config with {manager.chooser} {chosen} takes no {name}"


def merge_problems(auth: AuthConfig) -> Iterator[str]:
    """Yield, as sentences, what is wrong with members to be merged into a stored `auth_config`."""
    given = _given(auth)
    if not any(given <= manager.members for manager in MANAGERS.values()):
        yield "auth_config mixes the members of several secret managers"
    elif not given:
        yield "auth_config is empty: give the members to change"


def _given(auth: AuthConfig) -> set[str]:
    nullable = {"aws_external_id"}
    return {name for name in auth.model_fields_set if name in nullable or getattr(auth, name) is not None}
