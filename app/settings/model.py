"""Every setting in one class: variables, default, accepted values, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings.accepts import (
    FLAG,
    HTTP_URL,
    NAMES,
    ORIGINS,
    REDIS_URL,
    SECRET,
    SECRETS,
    SIZE,
    Accepts,
    choice,
    text,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KIBIBYTE: Final = 1_024
MEBIBYTE: Final = 1_048_576
LOCAL_ORIGINS: Final = tuple(
    f"{scheme}://{host}:*" for host in ("localhost", "127.0.0.1", "[::1]") for scheme in ("http", "https")
)


class Settings(BaseSettings):
    """The configuration of one process, frozen. Built by `load_settings`, from what it passes alone."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, loc_by_alias=False, hide_input_in_errors=True
    )

    # Process and HTTP server

    transport: Annotated[Literal["http", "stdio"], choice("http", "stdio")] = Field(
        default="http",
        validation_alias="MCP_TRANSPORT",
        description="Transport served when the command line names none.",
    )
    host: Annotated[str, text("a host name or an IP address")] = Field(
        default="127.0.0.1",
        validation_alias="MCP_HOST",
        description="Address to listen on. Use 0.0.0.0 in a container; that needs authentication.",
    )
    port: Annotated[int, whole_number(1, 65_535)] = Field(
        default=3000,
        validation_alias=AliasChoices("PORT", "MCP_PORT"),
        description="TCP port to listen on.",
    )
    public_base_url: Annotated[str | None, HTTP_URL] = Field(
        default=None,
        validation_alias="MCP_PUBLIC_BASE_URL",
        description="URL under which clients reach this server, shown on the status page and in metadata.",
    )
    max_request_bytes: Annotated[int, SIZE] = Field(
        default=MEBIBYTE,
        validation_alias="MCP_MAX_REQUEST_SIZE",
        description="Largest request body; a larger one is answered with 413.",
    )
    shutdown_timeout_ms: Annotated[int, whole_number(1, unit="milliseconds")] = Field(
        default=10_000,
        validation_alias="MCP_SHUTDOWN_TIMEOUT_MS",
        description="How long running calls may take to finish after SIGTERM.",
    )
    ready_check: Annotated[Literal["local", "portkey"], choice("local", "portkey")] = Field(
        default="local",
        validation_alias="MCP_READY_CHECK_MODE",
        description="What /ready asks: this process only, or Portkey as well.",
    )
    allowed_origins: Annotated[tuple[str, ...], ORIGINS] = Field(
        default=LOCAL_ORIGINS,
        validation_alias=AliasChoices("ALLOWED_ORIGINS", "CORS_ORIGIN"),
        description="Browser origins that may call, on any port unless it is named. Only browsers send one.",
    )

    # Sessions

    session_mode: Annotated[Literal["stateless", "stateful"], choice("stateless", "stateful")] = Field(
        default="stateless",
        validation_alias="MCP_SESSION_MODE",
        description="Stateless scales out freely; stateful gives clients a session and resumable streams.",
    )
    session_timeout_ms: Annotated[
        int, whole_number(1, unit="milliseconds", note=" (0 would end each session at once)")
    ] = Field(
        default=3_600_000,
        validation_alias="MCP_SESSION_TIMEOUT",
        description="Idle time after which a session ends.",
    )
    max_sessions: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=1000,
        validation_alias="MCP_MAX_SESSIONS",
        description="Most sessions open at once in this process; further ones are refused until one ends.",
    )

    # Event store

    event_store: Annotated[Literal["off", "memory", "redis"], choice("off", "memory", "redis")] = Field(
        default="off",
        validation_alias="MCP_EVENT_STORE",
        description="Where events of stateful sessions wait for a client that reconnects.",
    )
    event_ttl_seconds: Annotated[int, whole_number(1, unit="seconds")] = Field(
        default=3600,
        validation_alias="MCP_EVENT_TTL_SECONDS",
        description="How long an event is kept.",
    )
    event_store_max_events: Annotated[int, whole_number(1)] = Field(
        default=10_000,
        validation_alias="MCP_EVENT_STORE_MAX_EVENTS",
        description="Most events kept; the oldest go first.",
    )
    event_store_max_bytes: Annotated[int, SIZE] = Field(
        default=64 * MEBIBYTE,
        validation_alias="MCP_EVENT_STORE_MAX_BYTES",
        description="Most bytes of events kept; the oldest go first.",
    )
    event_store_command_timeout_ms: Annotated[int, whole_number(1, unit="milliseconds")] = Field(
        default=5000,
        validation_alias="MCP_EVENT_STORE_COMMAND_TIMEOUT_MS",
        description="Deadline of one Redis command.",
    )
    redis_url: Annotated[SecretStr | None, REDIS_URL] = Field(
        default=None,
        validation_alias=AliasChoices("MCP_REDIS_URL", "REDIS_URL"),
        description="Redis server, required by MCP_EVENT_STORE=redis. Prefer rediss:// (TLS).",
    )
    redis_key_prefix: Annotated[str, text("any text")] = Field(
        default="mcp:event-store",
        validation_alias="MCP_REDIS_KEY_PREFIX",
        description="Start of every Redis key, so that several deployments can share a Redis.",
    )

    # Authentication

    auth_mode: Annotated[
        Literal["none", "bearer"], choice("none", "bearer", words="none or bearer (clerk is not served yet)")
    ] = Field(
        default="none",
        validation_alias="MCP_AUTH_MODE",
        description="Who may call: everybody who reaches the port, or holders of a bearer token.",
    )
    auth_tokens: Annotated[tuple[SecretStr, ...], SECRETS] = Field(
        default=(),
        validation_alias="MCP_AUTH_TOKEN",
        description="Bearer tokens, 16 characters or more. Name the old and the new one while you rotate.",
    )
    auth_token_file: Annotated[str | None, text("the path of a file")] = Field(
        default=None,
        validation_alias="MCP_AUTH_TOKEN_FILE",
        description="File with one token a line, # for comments. Its tokens add to those of MCP_AUTH_TOKEN.",
    )
    allow_unauthenticated_http: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="MCP_ALLOW_UNAUTHENTICATED_HTTP",
        description="Let MCP_AUTH_MODE=none listen beyond loopback, when something in front authenticates.",
    )

    # Portkey

    portkey_api_key: Annotated[SecretStr | None, SECRET] = Field(
        default=None,
        validation_alias="PORTKEY_API_KEY",
        description="Admin API key for calls to Portkey. Without one the tools work on the embedded sandbox.",
    )
    portkey_api_key_file: Annotated[str | None, text("the path of a file")] = Field(
        default=None,
        validation_alias="PORTKEY_API_KEY_FILE",
        description="File that holds the key and nothing else; read when PORTKEY_API_KEY is unset.",
    )
    portkey_base_url: Annotated[str, text("an https URL")] = Field(
        default="https://api.portkey.ai/v1",
        validation_alias="PORTKEY_BASE_URL",
        description="Address of Portkey's Admin API.",
    )
    portkey_allow_private_base_url: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="PORTKEY_ALLOW_PRIVATE_BASE_URL",
        description="Accept a private or loopback address in PORTKEY_BASE_URL.",
    )
    portkey_allow_insecure_http: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="PORTKEY_ALLOW_INSECURE_HTTP",
        description="Accept http:// in PORTKEY_BASE_URL; the key then travels in the clear.",
    )
    portkey_timeout_ms: Annotated[int, whole_number(1, unit="milliseconds")] = Field(
        default=30_000,
        validation_alias="PORTKEY_TIMEOUT_MS",
        description="Deadline of one request to Portkey, its answer included.",
    )
    portkey_max_response_bytes: Annotated[int, SIZE] = Field(
        default=16 * MEBIBYTE,
        validation_alias="PORTKEY_MAX_RESPONSE_SIZE",
        description="Largest answer accepted from Portkey.",
    )
    portkey_max_attempts: Annotated[int, whole_number(1, 10)] = Field(
        default=3,
        validation_alias="PORTKEY_MAX_ATTEMPTS",
        description="Most attempts at one request; only those that are safe to repeat are repeated.",
    )

    # Tools

    tool_domains: Annotated[tuple[str, ...], NAMES] = Field(
        default=(),
        validation_alias=AliasChoices("PORTKEY_TOOL_DOMAINS", "MCP_TOOL_DOMAINS"),
        description="Domains whose tools are served, such as prompts,analytics. Unset serves all.",
    )
    read_only: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="MCP_READ_ONLY",
        description="Serve only tools that change nothing.",
    )
    tools_page_size: Annotated[int | None, whole_number(1, 1000)] = Field(
        default=None,
        validation_alias="MCP_TOOLS_PAGE_SIZE",
        description="Tools on a page of tools/list. Unset lists all on one; some clients read no second.",
    )
    max_result_bytes: Annotated[int, SIZE] = Field(
        default=100 * KIBIBYTE,
        validation_alias="MCP_MAX_RESULT_SIZE",
        description="Largest text of one tool's answer; a larger one is cut, and says what was left out.",
    )

    # Sandbox

    sandbox_path: Annotated[str | None, text("the path of a file")] = Field(
        default=None,
        validation_alias="SANDBOX_PATH",
        description="File in which the embedded sandbox keeps its data. Unset keeps it in memory.",
    )
    sandbox_fault: Annotated[str | None, text("a fault such as latency=200ms, see sandbox.md")] = Field(
        default=None,
        validation_alias="SANDBOX_FAULT",
        description="Fault that the sandbox plays, to try out how clients cope.",
    )
    sandbox_host: Annotated[str, text("a host name or an IP address")] = Field(
        default="127.0.0.1",
        validation_alias="SANDBOX_HOST",
        description="Address on which the `sandbox` command listens.",
    )
    sandbox_port: Annotated[int, whole_number(1, 65_535)] = Field(
        default=8787,
        validation_alias="SANDBOX_PORT",
        description="TCP port of the `sandbox` command.",
    )

    # Logging

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        choice(words="debug, info, warn, warning or error", warn="warning"),
    ] = Field(
        default="info",
        validation_alias="LOG_LEVEL",
        description="Least severe entry that is logged.",
    )
    log_format: Annotated[Literal["auto", "json", "console"], choice("auto", "json", "console")] = Field(
        default="auto",
        validation_alias="LOG_FORMAT",
        description="Form of the log on stderr. Auto means json in production or when stderr is no terminal.",
    )
    node_env: Annotated[str | None, text("any text")] = Field(
        default=None,
        validation_alias="NODE_ENV",
        description="`production` selects the json log format; nothing else follows from it.",
    )
    environment: Annotated[str | None, text("any text")] = Field(
        default=None,
        validation_alias="ENVIRONMENT",
        description="The same as NODE_ENV, for platforms that set this one.",
    )

    # Not settings: what loading found out

    warnings: tuple[str, ...] = ()
    sources: Mapping[str, str] = Field(default_factory=dict, repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keep to what the caller passes: neither the process's environment nor a file is consulted."""
        return (init_settings,)

    def variable(self, field: str) -> str:
        """Return the variable that the user set for a field, or the first of its names."""
        return self.sources.get(field) or variables_of(type(self).model_fields[field])[0]

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret in the clear, for the log's redaction and nothing else."""
        secrets = [token.get_secret_value() for token in self.auth_tokens]
        if self.portkey_api_key is not None:
            secrets.append(self.portkey_api_key.get_secret_value())
        if self.redis_url is not None:
            url = self.redis_url.get_secret_value()
            password = urlsplit(url).password
            secrets += [url, *([password, unquote(password)] if password else [])]
        return tuple(dict.fromkeys(secrets))


def variables_of(field: FieldInfo) -> tuple[str, ...]:
    """Return the environment variables of a field, the one that wins first; none for what is no setting."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(name) for name in alias.choices)
    return (str(alias),) if alias else ()


def accepts_of(field: FieldInfo) -> Accepts:
    """Return what a setting accepts."""
    return next(item for item in field.metadata if isinstance(item, Accepts))


def is_secret(field: FieldInfo) -> bool:
    """Tell whether the text of a setting must not be shown."""
    return "SecretStr" in str(field.annotation)


def setting_fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield the fields that a variable sets, in the order of declaration."""
    for name, field in Settings.model_fields.items():
        if variables_of(field):
            yield name, field
