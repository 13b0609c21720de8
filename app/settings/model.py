"""Every setting in one class: variables, default, accepted values, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings.accepts import (
    ENCRYPTION_KEYS,
    FLAG,
    HTTP_URL,
    ISSUER_URL,
    NAMES,
    ORIGINS,
    REDIS_URL,
    SCOPES,
    SECRET,
    SECRETS,
    SIZE,
    STATE_KEYS,
    VALUES,
    Accepts,
    choice,
    names_of,
    text,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPONENTS: Final = ("audit", "clerk", "events", "policy", "rate_limits", "request_state", "sessions")
"""The parts of a process that /ready tells of, as far as it has them."""
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
    workers: Annotated[int, whole_number(1, 64)] = Field(
        default=1,
        validation_alias="MCP_WORKERS",
        description="Processes that share this port: one a core at most. Sessions then need Redis.",
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
        description="How long running calls may take to finish after SIGTERM and that delay.",
    )
    shutdown_delay_ms: Annotated[int, whole_number(0, unit="milliseconds")] = Field(
        default=0,
        validation_alias="MCP_SHUTDOWN_DELAY_MS",
        description="How long to serve on after SIGTERM, not ready, for balancers to notice; see proxies.md.",
    )
    ready_check: Annotated[Literal["local", "portkey"], choice("local", "portkey")] = Field(
        default="local",
        validation_alias="MCP_READY_CHECK_MODE",
        description="What /ready asks: this process only, or Portkey as well.",
    )
    ready_require: Annotated[tuple[str, ...], names_of(*COMPONENTS)] = Field(
        default=(),
        validation_alias="MCP_READY_REQUIRE",
        description="Parts without which /ready answers 503. Unset: it names what failed and stays ready.",
    )
    allowed_origins: Annotated[tuple[str, ...], ORIGINS] = Field(
        default=LOCAL_ORIGINS,
        validation_alias=AliasChoices("ALLOWED_ORIGINS", "CORS_ORIGIN"),
        description="Browser origins that may call, on any port unless it is named. Only browsers send one.",
    )
    allowed_hosts: Annotated[tuple[str, ...], ORIGINS] = Field(
        default=(),
        validation_alias="MCP_ALLOWED_HOSTS",
        description="Names this server answers to. Unset asks only without authentication; see proxies.md.",
    )
    trust_proxy: Annotated[
        str, text("false, loopback, how many proxies there are, or their addresses and networks")
    ] = Field(
        default="loopback",
        validation_alias="MCP_TRUST_PROXY",
        description="Proxies that are believed about the client's address and scheme; see proxies.md.",
    )
    max_concurrent_requests: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=1024,
        validation_alias="MCP_MAX_CONCURRENT_REQUESTS",
        description="Most calls answered at once, and most streams open; further ones are answered with 503.",
    )
    max_concurrent_requests_per_principal: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=256,
        validation_alias="MCP_MAX_CONCURRENT_REQUESTS_PER_PRINCIPAL",
        description="The same for one authenticated principal; further ones are answered with 429.",
    )

    stream_max_age_seconds: Annotated[int, whole_number(1, 86_400, unit="seconds")] = Field(
        default=3600,
        validation_alias="MCP_STREAM_MAX_AGE_SECONDS",
        description="Age at which a stream that a client holds open ends; opening it again takes a token.",
    )

    # Rate limits

    rate_limit_enabled: Annotated[bool, FLAG] = Field(
        default=True,
        validation_alias="RATE_LIMIT_ENABLED",
        description="Limit how often an address, and once authenticated a principal, may call.",
    )
    rate_limit_max: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=300,
        validation_alias="RATE_LIMIT_MAX",
        description="Tokens in a full bucket: the largest burst of requests.",
    )
    rate_limit_window_ms: Annotated[int, whole_number(1, 86_400_000, unit="milliseconds")] = Field(
        default=60_000,
        validation_alias="RATE_LIMIT_WINDOW_MS",
        description="Time in which RATE_LIMIT_REFILL tokens come back, evenly.",
    )
    rate_limit_refill: Annotated[int | None, whole_number(1, 1_000_000)] = Field(
        default=None,
        validation_alias="RATE_LIMIT_REFILL",
        description="Tokens that come back in a window. Unset means as many as RATE_LIMIT_MAX.",
    )
    rate_limit_store: Annotated[Literal["memory", "redis"], choice("memory", "redis")] = Field(
        default="memory",
        validation_alias="RATE_LIMIT_STORE",
        description="Where buckets are kept: each process counts for itself, or all count together in Redis.",
    )
    rate_limit_max_buckets: Annotated[int, whole_number(1, 10_000_000)] = Field(
        default=10_000,
        validation_alias="RATE_LIMIT_MAX_BUCKETS",
        description="Most buckets in memory; the one unused for longest is forgotten first.",
    )
    rate_limit_redis_url: Annotated[SecretStr | None, REDIS_URL] = Field(
        default=None,
        validation_alias="RATE_LIMIT_REDIS_URL",
        description="Redis server for RATE_LIMIT_STORE=redis. Unset means that of MCP_REDIS_URL.",
    )
    rate_limit_redis_key_prefix: Annotated[str, text("any text")] = Field(
        default="mcp:rate-limit",
        validation_alias="RATE_LIMIT_REDIS_KEY_PREFIX",
        description="Start of every Redis key; processes that count together share it.",
    )
    rate_limit_on_redis_failure: Annotated[
        Literal["local", "open", "closed"], choice("local", "open", "closed")
    ] = Field(
        default="local",
        validation_alias="RATE_LIMIT_ON_REDIS_FAILURE",
        description="While Redis is down: count in each process, admit everything, or answer 503.",
    )
    rate_limit_single_process: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="RATE_LIMIT_SINGLE_PROCESS",
        description="Accepted for configurations that have it; nothing follows from it.",
    )

    # TLS

    tls_key_path: Annotated[str | None, text("the path of a PEM file")] = Field(
        default=None,
        validation_alias="MCP_TLS_KEY_PATH",
        description="Private key of the certificate, without a passphrase.",
    )
    tls_cert_path: Annotated[str | None, text("the path of a PEM file")] = Field(
        default=None,
        validation_alias="MCP_TLS_CERT_PATH",
        description="Certificate of this server, then its intermediates. Makes the server speak HTTPS.",
    )
    tls_ca_path: Annotated[str | None, text("the path of a PEM file")] = Field(
        default=None,
        validation_alias="MCP_TLS_CA_PATH",
        description="CA certificates of clients: without a certificate signed by one, nobody can connect.",
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
        description="Most sessions open at once, over all replicas; further ones get 503 until one ends.",
    )
    max_sessions_per_principal: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=250,
        validation_alias="MCP_MAX_SESSIONS_PER_PRINCIPAL",
        description="Most of these that one caller may have; further ones are answered with 429.",
    )
    session_store: Annotated[Literal["memory", "redis"] | None, choice("memory", "redis")] = Field(
        default=None,
        validation_alias="MCP_SESSION_STORE",
        description="Where sessions are. Unset: redis when MCP_REDIS_URL is set, for all replicas.",
    )

    # Event store

    event_store: Annotated[Literal["off", "memory", "redis"] | None, choice("off", "memory", "redis")] = (
        Field(
            default=None,
            validation_alias="MCP_EVENT_STORE",
            description="Where events wait for clients to reconnect. Unset: memory when stateless, else off.",
        )
    )
    event_ttl_seconds: Annotated[int, whole_number(1, unit="seconds")] = Field(
        default=3600,
        validation_alias="MCP_EVENT_TTL_SECONDS",
        description="How long an event is kept.",
    )
    event_store_max_events: Annotated[int, whole_number(1)] = Field(
        default=10_000,
        validation_alias="MCP_EVENT_STORE_MAX_EVENTS",
        description="Most events that one process keeps; the oldest go first.",
    )
    event_store_max_bytes: Annotated[int, SIZE] = Field(
        default=64 * MEBIBYTE,
        validation_alias="MCP_EVENT_STORE_MAX_BYTES",
        description="Most bytes of events that one process keeps; the oldest go first.",
    )
    event_store_command_timeout_ms: Annotated[int, whole_number(1, unit="milliseconds")] = Field(
        default=5000,
        validation_alias="MCP_EVENT_STORE_COMMAND_TIMEOUT_MS",
        description="Deadline of one Redis command about events. Those about sessions get a second at most.",
    )
    event_encryption_keys: Annotated[tuple[SecretStr, ...], ENCRYPTION_KEYS] = Field(
        default=(),
        validation_alias="MCP_EVENT_ENCRYPTION_KEY",
        description="Encrypts events and sessions in Redis. The first key encrypts, each decrypts.",
    )
    redis_url: Annotated[SecretStr | None, REDIS_URL] = Field(
        default=None,
        validation_alias=AliasChoices("MCP_REDIS_URL", "REDIS_URL"),
        description="Redis server of sessions and events. Prefer rediss:// (TLS).",
    )
    redis_key_prefix: Annotated[str, text("any text")] = Field(
        default="mcp:event-store",
        validation_alias="MCP_REDIS_KEY_PREFIX",
        description="Start of every Redis key, so that several deployments can share a Redis.",
    )

    # Authentication

    auth_mode: Annotated[Literal["none", "bearer", "clerk"], choice("none", "bearer", "clerk")] = Field(
        default="none",
        validation_alias="MCP_AUTH_MODE",
        description="Who may call: everybody who reaches the port, holders of a token, or users of Clerk.",
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

    policy_file: Annotated[str | None, text("the path of a YAML or JSON file")] = Field(
        default=None,
        validation_alias="MCP_POLICY_FILE",
        description="Who may use which tools with which Portkey key; see policy.md. Unset: all the same.",
    )
    allow_caller_key: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="MCP_ALLOW_CALLER_KEY",
        description="Let callers bring a Portkey key in x-portkey-api-key; see policy.md. Off refuses it.",
    )

    # Clerk

    clerk_issuer: Annotated[str | None, ISSUER_URL] = Field(
        default=None,
        validation_alias="CLERK_ISSUER",
        description="Frontend API URL of the Clerk instance, exactly as `iss` of its tokens has it.",
    )
    clerk_audience: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_AUDIENCE",
        description="What a token must be for (`aud`), any of them: the URL of /mcp that clients use.",
    )
    clerk_authorized_parties: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_AUTHORIZED_PARTIES",
        description="Lesser check: apps (`azp`, `client_id`) whose tokens are good without an audience.",
    )
    clerk_jwks_url: Annotated[str | None, ISSUER_URL] = Field(
        default=None,
        validation_alias="CLERK_JWKS_URL",
        description="Where the issuer's keys are. Unset: /.well-known/jwks.json of the issuer.",
    )
    clerk_secret_key: Annotated[SecretStr | None, SECRET] = Field(
        default=None,
        validation_alias="CLERK_SECRET_KEY",
        description="Secret key of the instance, to have Clerk check opaque tokens. Unset refuses those.",
    )
    clerk_api_url: Annotated[str, ISSUER_URL] = Field(
        default="https://api.clerk.com",
        validation_alias="CLERK_API_URL",
        description="Clerk's Backend API, asked about opaque tokens.",
    )
    clerk_max_token_age_seconds: Annotated[int, whole_number(1, unit="seconds")] = Field(
        default=86_400,
        validation_alias="CLERK_MAX_TOKEN_AGE_SECONDS",
        description="Age after which a token is refused, although it has not expired.",
    )
    clerk_allowed_subjects: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_ALLOWED_SUBJECTS",
        description="Only these users may call (`sub`, such as user_2abc).",
    )
    clerk_allowed_organization_ids: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_ALLOWED_ORGANIZATION_IDS",
        description="Only those for whom one of these organizations is active may call (such as org_2abc).",
    )
    clerk_allowed_roles: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_ALLOWED_ROLES",
        description="Only those with one of these roles in their organization may call (such as org:admin).",
    )
    clerk_required_permissions: Annotated[tuple[str, ...], VALUES] = Field(
        default=(),
        validation_alias="CLERK_REQUIRED_PERMISSIONS",
        description="Only those with all of these permissions may call (such as org:portkey:manage).",
    )
    clerk_scopes: Annotated[tuple[str, ...], SCOPES] = Field(
        default=(),
        validation_alias="CLERK_SCOPES",
        description="Scopes that clients ask for. Unset: portkey:read, portkey:write, portkey:admin.",
    )
    clerk_require_scope: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="CLERK_REQUIRE_SCOPE",
        description="Refuse tokens without any portkey scope, which otherwise may use every tool.",
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

    # Questions to people

    confirm: Annotated[Literal["off", "destructive"], choice("off", "destructive")] = Field(
        default="off",
        validation_alias="MCP_CONFIRM",
        description="Calls before which a person is asked: none, or those that destroy; see confirmation.md.",
    )
    confirm_timeout_ms: Annotated[int, whole_number(1000, 3_600_000, unit="milliseconds")] = Field(
        default=300_000,
        validation_alias="MCP_CONFIRM_TIMEOUT_MS",
        description="How long a person has to answer; after that nothing is done.",
    )
    state_keys: Annotated[tuple[SecretStr, ...], STATE_KEYS] = Field(
        default=(),
        validation_alias="MCP_STATE_KEYS",
        description="Keys that seal what clients carry from question to answer. Unset: one of this process.",
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

    # Metrics and traces

    metrics_port: Annotated[int | None, whole_number(1, 65_535)] = Field(
        default=None,
        validation_alias="MCP_METRICS_PORT",
        description="Port of its own for /metrics, which is plain HTTP; see metrics.md.",
    )
    metrics_host: Annotated[str, text("a host name or an IP address")] = Field(
        default="127.0.0.1",
        validation_alias="MCP_METRICS_HOST",
        description="Address of that port. Whoever reaches it may read, unless MCP_METRICS_TOKEN is set.",
    )
    metrics_tokens: Annotated[tuple[SecretStr, ...], SECRETS] = Field(
        default=(),
        validation_alias="MCP_METRICS_TOKEN",
        description="Bearer tokens that may read /metrics. Without MCP_METRICS_PORT it is on the main port.",
    )
    otel_endpoint: Annotated[str | None, HTTP_URL] = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="OTLP collector for traces, such as http://localhost:4318; needs the extra `otel`.",
    )
    otel_service_name: Annotated[str, text("any text")] = Field(
        default="portkey-admin-mcp",
        validation_alias="OTEL_SERVICE_NAME",
        description="What this service is called in traces.",
    )
    trace_portkey: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="MCP_TRACE_PORTKEY",
        description="Send `traceparent` to Portkey, so that its own traces can join ours.",
    )

    # Audit

    audit_log: Annotated[bool, FLAG] = Field(
        default=True,
        validation_alias="MCP_AUDIT_LOG",
        description="Log each tool call as `tool_call`, whatever LOG_LEVEL says.",
    )
    audit_file: Annotated[str | None, text("the path of a file in a directory that exists")] = Field(
        default=None,
        validation_alias="MCP_AUDIT_FILE",
        description="File to which the record of each tool call is appended as a line of JSON.",
    )
    audit_redis_stream: Annotated[str | None, text("the key of a Redis stream")] = Field(
        default=None,
        validation_alias="MCP_AUDIT_REDIS_STREAM",
        description="Stream in the Redis of MCP_REDIS_URL to which the record of each tool call is added.",
    )
    audit_redis_max_records: Annotated[int, whole_number(1)] = Field(
        default=100_000,
        validation_alias="MCP_AUDIT_REDIS_MAX_RECORDS",
        description="Records kept in the stream, about; the oldest go first.",
    )
    audit_arguments: Annotated[Literal["masked", "digest", "off"], choice("masked", "digest", "off")] = Field(
        default="masked",
        validation_alias="MCP_AUDIT_ARGUMENTS",
        description="What a record keeps of the arguments: them without secrets, a digest, or nothing.",
    )
    audit_queue_size: Annotated[int, whole_number(1, 1_000_000)] = Field(
        default=4096,
        validation_alias="MCP_AUDIT_QUEUE_SIZE",
        description="Records that may wait for the file, and for the stream; 12 KB each at most.",
    )
    audit_required: Annotated[bool, FLAG] = Field(
        default=False,
        validation_alias="MCP_AUDIT_REQUIRED",
        description="While a queue is full: refuse calls (true), or make them and count what is lost.",
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

    @property
    def reaches_portkey(self) -> bool:
        """Whether calls go to Portkey, and not to the embedded sandbox.

        There is a key for it, or keys come from elsewhere and its URL is named.
        """
        keys_from_elsewhere = self.policy_file is not None or self.allow_caller_key
        return self.portkey_api_key is not None or (
            keys_from_elsewhere and "portkey_base_url" in self.sources
        )

    def variable(self, field: str) -> str:
        """Return the variable that the user set for a field, or the first of its names."""
        return self.sources.get(field) or variables_of(type(self).model_fields[field])[0]

    @property
    def event_store_mode(self) -> Literal["off", "memory", "redis"]:
        """Where events are kept, as set or by default."""
        if self.event_store or self.session_mode == "stateful":
            return self.event_store or "off"
        # What one of several workers remembers, the others do not know.
        shared: Literal["off", "redis"] = "off" if self.redis_url is None else "redis"
        return "memory" if self.workers == 1 else shared

    @property
    def session_store_mode(self) -> Literal["memory", "redis"]:
        """Where sessions are kept, as set or by default."""
        return self.session_store or ("memory" if self.redis_url is None else "redis")

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret in the clear, for the log's redaction and nothing else."""
        lists = (self.auth_tokens, self.metrics_tokens, self.state_keys, self.event_encryption_keys)
        secrets = [secret.get_secret_value() for listed in lists for secret in listed]
        if self.portkey_api_key is not None:
            secrets.append(self.portkey_api_key.get_secret_value())
        if self.clerk_secret_key is not None:
            secrets.append(self.clerk_secret_key.get_secret_value())
        for secret in filter(None, (self.redis_url, self.rate_limit_redis_url)):
            url = secret.get_secret_value()
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
