"""How Portkey signs in to a secret manager: the forms of `auth_config`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.sandbox.json_types import JsonObject, JsonValue, as_object


@dataclass(frozen=True, slots=True)
class _Manager:
    """`chooser` is the member whose value chooses one of `forms`: what is needed, and what may be added."""

    chooser: str
    forms: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


_AZURE_ENTRA: Final = ("azure_entra_tenant_id", "azure_entra_client_id", "azure_entra_client_secret")
_MANAGERS: Final = {
    "aws_sm": _Manager(
        "aws_auth_type",
        {
            "accessKey": (("aws_access_key_id", "aws_secret_access_key", "aws_region"), ()),
            "assumedRole": (("aws_role_arn", "aws_region"), ("aws_external_id",)),
            "serviceRole": ((), ("aws_region",)),
        },
    ),
    "azure_kv": _Manager(
        "azure_auth_mode",
        {
            "entra": ((*_AZURE_ENTRA, "azure_vault_url"), ()),
            "managed": (("azure_vault_url",), ("azure_managed_client_id",)),
            "default": (("azure_vault_url",), ()),
        },
    ),
    "hashicorp_vault": _Manager(
        "vault_auth_type",
        {
            "token": (("vault_addr", "vault_token"), ("vault_namespace",)),
            "approle": (("vault_addr", "vault_role_id", "vault_secret_id"), ("vault_namespace",)),
            "kubernetes": (("vault_addr", "vault_role"), ("vault_namespace",)),
        },
    ),
}
MANAGER_TYPES: Final = tuple(_MANAGERS)
_SENSITIVE: Final = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "azure_entra_client_secret",
    "vault_token",
    "vault_secret_id",
)
_NULLABLE: Final = ("aws_external_id",)


def auth_problems(manager_type: str, config: JsonObject) -> Iterator[str]:
    """Yield what is wrong with an `auth_config`."""
    manager = _MANAGERS[manager_type]
    chosen = config.get(manager.chooser)
    if not isinstance(chosen, str) or chosen not in manager.forms:
        yield f"auth_config.{manager.chooser} must be one of {', '.join(manager.forms)} for {manager_type}"
        return
    needed, welcome = manager.forms[chosen]
    for name in needed:
        if name not in config:
            yield f"auth_config.{name} is required when {manager.chooser} is {chosen}"
    for name, value in config.items():
        if name not in (manager.chooser, *needed, *welcome):
            yield f"auth_config.{name} is not allowed when {manager.chooser} is {chosen}"
        elif not (isinstance(value, str) and value) and not (value is None and name in _NULLABLE):
            yield f"auth_config.{name} must be a string that is not empty"


def merged_auth(manager_type: str, old: JsonObject, new: JsonObject) -> JsonObject:
    """Return the old `auth_config` with the new members; a change of form ends what only the old had."""
    manager = _MANAGERS[manager_type]
    chosen = new.get(manager.chooser)
    if chosen in (None, old.get(manager.chooser)):
        return {**old, **new}
    needed, welcome = manager.forms.get(str(chosen), ((), ()))
    return {**{name: old[name] for name in (*needed, *welcome) if name in old}, **new}


def masked_auth(config: JsonValue) -> JsonObject:
    """Return an `auth_config` as it is shown: of what is secret only that it is set."""
    return {
        f"masked_{name}" if name in _SENSITIVE else name: masked(value) if name in _SENSITIVE else value
        for name, value in as_object(config).items()
    }


def masked(secret: JsonValue) -> str:
    """Return a secret's first and last characters."""
    text = str(secret)
    return f"{text[:2]}********{text[-2:]}"
