"""The vocabulary of the catalogue: what a tool is.

A tool is a value. Its schema, validation, request, annotations and documentation follow from this
declaration; adding an endpoint is adding one entry to a domain module.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from app.catalog.inputs import Inputs
from app.catalog.introspect import path_names
from app.catalog.json_value import JsonValue
from app.portkey.client import ApiAnswer, ApiRequest

if TYPE_CHECKING:
    from app.catalog.rules import Rule

MAX_NAME_LENGTH: Final = 52
MAX_DESCRIPTION_LENGTH: Final = 200

RiskClass: TypeAlias = Literal["read", "write", "destructive"]


class Risk:
    """What a call can do: nothing, change something, or lose something."""

    READ: Final = "read"
    WRITE: Final = "write"
    DESTRUCTIVE: Final = "destructive"


class Run(Protocol):
    """What a workflow works with: calls to Portkey in the caller's name, and word of its progress."""

    async def call(self, request: ApiRequest, /) -> ApiAnswer:
        """Send one request. Raises `app.portkey.errors.PortkeyError`."""
        ...

    async def progress(self, done: float, total: float | None, message: str, /) -> None:
        """Tell the client how far the work is."""
        ...


Work: TypeAlias = Callable[[Any, Run], Awaitable[JsonValue]]
"""A coroutine over a tool's inputs and a `Run`; returns the answer's data."""


class WorkflowStopped(Exception):
    """A workflow found that it must not go on. It stops before it changes anything.

    Attributes:
        message: why, as a sentence.
        next_step: what to do, as a sentence.
    """

    def __init__(self, message: str, *, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request to Portkey. `path` names inputs in braces; `fixed` members are always in the body.

    `json_text` names answer members (dotted, `*` for each item) that hold JSON as text: they are decoded.
    `numbers` names those that hold a number as text: they become numbers.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    base: Literal["v1", "v2", "public"] = "v1"
    fixed: Mapping[str, JsonValue] = field(default_factory=dict)
    json_text: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A tool that makes several calls, or none.

    `calls` are the endpoints it may use (`GET /prompts/{prompt_id}`), for the documentation and the sandbox
    check; a name in braces that is one of the inputs is checked as a path parameter before anything is sent.
    """

    run: Work
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool, declared.

    Attributes:
        name: As clients know it, at most 52 characters.
        title: For people, where it says more than the name.
        summary: What it does, in words an admin would use; this is what search indexes.
        detail: When to use it, what to know before. With the summary at most 200 characters.
        risk: One class a tool; the MCP annotations follow from it.
        idempotent: Whether repeating a successful call changes nothing more. Always true of reads.
        scopes: Portkey scopes the key needs.
        enterprise: Whether Portkey offers it on the Enterprise plan only.
        inputs: The arguments.
        rules: Conditions between arguments.
        call: The request, or the workflow.
        preview: What happens instead when the input `dry_run` is true; it changes nothing.
        lookup: The tool that lists what this one's ids name, for the way out of a 404; or several of them.
        form: The tool whose answer shows the form of what this one takes, for the way out of a 400.
        one_time_secret: Whether the answer carries a secret that is shown only this once.
    """

    name: str
    domain: str
    summary: str
    risk: RiskClass
    call: Endpoint | Workflow
    inputs: type[Inputs] = Inputs
    title: str = ""
    detail: str = ""
    idempotent: bool | None = None
    scopes: tuple[str, ...] = ()
    enterprise: bool = False
    rules: tuple[Rule, ...] = ()
    preview: Work | None = None
    lookup: str | tuple[str, ...] | None = None
    form: str | None = None
    one_time_secret: bool = False

    def __post_init__(self) -> None:
        if self.risk != Risk.READ and self.idempotent is None:
            raise ValueError(f"{self.name}: say whether it is idempotent")
        if len(self.name) > MAX_NAME_LENGTH or len(self.description) > MAX_DESCRIPTION_LENGTH:
            raise ValueError(f"{self.name}: the name or the description is too long")

    @property
    def description(self) -> str:
        """Summary and detail as one text."""
        return f"{self.summary} {self.detail}".rstrip()

    @property
    def lookups(self) -> str:
        """The listing tools of `lookup` in words, empty when there are none."""
        return self.lookup if isinstance(self.lookup, str) else " and ".join(self.lookup or ())

    @property
    def contacts_portkey(self) -> bool:
        """Whether a call can leave this service."""
        return isinstance(self.call, Endpoint) or bool(self.call.calls)

    @property
    def in_path(self) -> frozenset[str]:
        """The inputs that stand in a path."""
        if isinstance(self.call, Endpoint):
            return path_names(self.call.path)
        named = frozenset[str]().union(*(path_names(call) for call in self.call.calls))
        return named & self.inputs.model_fields.keys()

    @property
    def annotations(self) -> dict[str, bool]:
        """All four MCP hints, explicit."""
        return {
            "readOnlyHint": self.risk == Risk.READ,
            "destructiveHint": self.risk == Risk.DESTRUCTIVE,
            "idempotentHint": self.risk == Risk.READ or bool(self.idempotent),
            "openWorldHint": self.contacts_portkey,
        }
