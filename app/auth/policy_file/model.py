"""The shape of a policy file. Names are checked against what there is, by the validation context `Known`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.auth.policy_file.flaws import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.auth.policy import GovernedTool

MOST_RULES: Final = 1000
MOST_CREDENTIALS: Final = 1000
ANYBODY: Final = "*"
SERVER: Final = "server"
CALLER: Final = "caller"
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
CREDENTIAL_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NEVER_THE_KEY: Final = (
    "Say where the key is, {env: A_VARIABLE} or {file: /an/absolute/path}; the key itself never stands in a"
    " policy file."
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a file may name.

    Attributes:
        tools: The whole catalogue.
        credentials: The names that the file declares.
    """

    tools: Sequence[GovernedTool]
    credentials: frozenset[str]

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of the catalogue, in order."""
        return tuple(dict.fromkeys(tool.domain for tool in self.tools))


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Word = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Words = Annotated[list[Word], BeforeValidator(_listed), Field(min_length=1, max_length=1000)]
"""A list of texts; a single text stands for a list of one."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Reference(_Part):
    """Where a Portkey key is."""

    env: str | None = None
    file: str | None = None

    @field_validator("env")
    @classmethod
    def _a_variable(cls, value: str | None) -> str | None:
        if value is not None and not _VARIABLE.fullmatch(value):
            raise ValueError(f"must be the name of an environment variable, in capitals. {NEVER_THE_KEY}")
        return value

    @field_validator("file")
    @classmethod
    def _a_path(cls, value: str | None) -> str | None:
        if value is not None and not PurePath(value).is_absolute():
            raise ValueError(f"must be an absolute path. {NEVER_THE_KEY}")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Reference:
        if (self.env is None) == (self.file is None):
            raise ValueError("must have either env or file.")
        return self


class MatchPart(_Part):
    """Whom a rule is about: each condition that is given must hold, by any of its values."""

    principals: Words = []
    organizations: Words = []
    roles: Words = []
    permissions: Words = []
    scopes: Words = []

    @model_validator(mode="after")
    def _some_condition(self) -> MatchPart:
        if not self.model_fields_set:
            raise ValueError(
                f"says nobody. Name {', '.join(type(self).model_fields)}; principals: '*' is everybody."
            )
        return self


class GrantPart(_Part):
    """What they may do: all that the server has, less what each key takes away."""

    domains: Words | None = None
    tools: Words | None = None
    exclude_tools: Words = []
    read_only: bool = False
    max_risk: Literal["read", "write", "destructive"] = "destructive"
    credential: str = SERVER

    @field_validator("domains")
    @classmethod
    def _known_domains(cls, value: list[str] | None, info: ValidationInfo) -> list[str] | None:
        known = _known(info).domains
        unknown = [
            f"{shown(name)}, which is no domain{did_you_mean(name, known)}"
            for name in value or ()
            if name not in known
        ]
        if unknown:
            raise ValueError(f"has {'; '.join(unknown)}. There are {', '.join(known)}.")
        return value

    @field_validator("tools", "exclude_tools")
    @classmethod
    def _known_tools(cls, value: list[str] | None, info: ValidationInfo) -> list[str] | None:
        tools = _known(info).tools
        names = [tool.name for tool in tools]
        unknown = [
            f"{shown(pattern)}, which is no tool and matches none{did_you_mean(pattern, names)}"
            for pattern in value or ()
            if not any(names_tool(pattern, tool) for tool in tools)
        ]
        if unknown:
            raise ValueError(f"has {'; '.join(unknown)}. `portkey-admin-mcp catalog` prints them all.")
        return value

    @field_validator("credential")
    @classmethod
    def _declared(cls, value: str, info: ValidationInfo) -> str:
        declared = _known(info).credentials
        if value in (SERVER, CALLER) or value in declared:
            return value
        names = [*sorted(declared), SERVER, CALLER]
        raise ValueError(
            f"is {shown(value)}, which is not declared under credentials{did_you_mean(value, names)}."
            f" There are {', '.join(names)}; the key itself never stands in a policy file."
        )


class RulePart(_Part):
    """One rule."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    match: MatchPart
    grant: GrantPart | None = None
    deny: Literal[True] | None = None

    @model_validator(mode="after")
    def _grant_or_deny(self) -> RulePart:
        if (self.grant is None) == (self.deny is None):
            raise ValueError("must have either grant (`grant: {}` is all that the server has) or deny: true.")
        return self


def names_tool(pattern: str, tool: GovernedTool) -> bool:
    """Tell whether a pattern such as `list_*` names a tool; one with a slash is `domain/tool`."""
    return fnmatchcase(f"{tool.domain}/{tool.name}" if "/" in pattern else tool.name, pattern)


def _known(info: ValidationInfo) -> Known:
    known: Any = info.context
    if not isinstance(known, Known):
        raise TypeError("validate with the context Known")
    return known
