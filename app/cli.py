"""The command line: `portkey-admin-mcp [http|stdio|sandbox|health|smoke|doctor|check-config|catalog]`.

Exit codes: 0 done, 1 failed while running, 2 wrong settings or wrong usage. Those of `doctor`: 0 all is well,
1 warnings, 2 problems.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

    from app.settings import Settings
    from app.telemetry.redaction import Redactor

    Command = Callable[[argparse.Namespace, Mapping[str, str]], int]

DONE, FAILED, WRONG_SETTINGS = 0, 1, 2


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(argv)
    environment = os.environ if env is None else env
    command: Command = options.run
    try:
        return command(options, environment)
    except KeyboardInterrupt:
        return DONE


def _reporting(command: Command) -> Command:
    """Make a command report wrong settings."""

    def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
        from app.settings import SettingsError

        try:
            return command(options, env)
        except SettingsError as error:
            sys.stderr.write(f"{error.report()}\n")
            return WRONG_SETTINGS

    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="portkey-admin-mcp",
        description="MCP service for Portkey's Admin API. "
        "Settings come from the environment: see docs/configuration.md.",
    )
    parser.add_argument("--version", action="version", version=f"portkey-admin-mcp {__version__}")
    parser.set_defaults(run=_reporting(_http))
    commands = parser.add_subparsers(title="commands", metavar="")
    for name, run, text in (
        ("http", _reporting(_http), "serve MCP over Streamable HTTP (the default)"),
        ("stdio", _reporting(_stdio), "serve MCP over standard input and output"),
        ("sandbox", _reporting(_sandbox), "serve the emulator of the Admin API, for tests and trials"),
        ("health", _health, "ask the service on this machine whether it runs, for health checks"),
        ("smoke", _smoke, "check a running service from outside (MCP_TEST_* say which)"),
        ("doctor", _doctor, "find out what keeps the service from working, and how to put it right"),
        ("check-config", _reporting(_check_config), "check the settings and say what they come to"),
        ("catalog", _catalog, "print the tools and what their listing weighs"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=run, command=name)
        if name == "doctor":
            command.add_argument("--json", action="store_true", help="write the findings as JSON")
        if name == "http":
            # How a parent hands a worker its sockets; not for people.
            command.add_argument("--worker", help=argparse.SUPPRESS)
        if name == "catalog":
            command.add_argument(
                "--write", action="store_true", help="rewrite the snapshot and its pages in docs/"
            )
    return parser


def _http(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    asked = getattr(options, "command", None)
    if asked is None and env.get("MCP_TRANSPORT", "").strip().lower() == "stdio":
        return _stdio(options, env)
    from app.wiring.memory import building

    with building():
        from app.wiring.settings import load_certificates, read_settings

        settings = read_settings(env)
        log, redactor = _start_logging(settings)
    given: str | None = getattr(options, "worker", None)
    if settings.workers > 1 and given is None:
        return _start_workers(settings, env)
    with building():
        from app.greeting import greeting
        from app.service import Service
        from app.web.server import serve
        from app.web.workers import Share

        share = Share(given) if given else None
        service = Service(settings, env=env, keep_secret=redactor.learn)
        application, readiness = service.application()
    tools = len(service.toolbox.selection(service.policy).tools)
    sandbox = service.backend.sandbox
    for_people = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())

    def started(port: int) -> None:
        endpoint = f"{service.base_url}/mcp"
        if for_people and not (share and share.index):
            token = settings.auth_mode == "bearer"
            sys.stderr.write(greeting(endpoint, tools=tools, sandbox=sandbox, token=token))
        else:
            log.info("started", endpoint=endpoint, port=port, tools=tools, sandbox=sandbox)

    return serve(
        application,
        host=settings.host,
        port=settings.port,
        readiness=readiness,
        shutdown_delay=settings.shutdown_delay_ms / 1000,
        shutdown_timeout=settings.shutdown_timeout_ms / 1000,
        on_started=started,
        calls_under_way=lambda: service.toolbox.calls_under_way,
        tls=load_certificates(settings),
        on_hangup=service.on_hangup,
        inherited=share.sockets if share else (),
    )


def _start_workers(settings: Settings, env: Mapping[str, str]) -> int:
    from app.web.workers import run_workers

    # What one worker seals, another must be able to open.
    added = {} if settings.state_keys else {"MCP_STATE_KEYS": secrets.token_urlsafe(32)}
    # This very package, whatever else is called app in the folder we were started in.
    added["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(Path(__file__).parents[1]), env.get("PYTHONPATH")))
    )
    return run_workers(
        [sys.executable, "-P", "-m", "app", "http"],
        {**env, **added},
        host=settings.host,
        port=settings.port,
        count=settings.workers,
    )


def _stdio(_options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.wiring.memory import building

    with building():
        from app.service import Service, read_settings

        settings = read_settings(env, stdio=True)
        _, redactor = _start_logging(settings)
        service = Service(settings, env=env, keep_secret=redactor.learn)
    asyncio.run(service.serve_stdio())
    return DONE


def _sandbox(_options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.sandbox.application import create_sandbox
    from app.sandbox.keys import ADMIN_KEY
    from app.service import read_settings
    from app.web.readiness import Readiness
    from app.web.server import serve

    settings = read_settings(env, stdio=True)
    _start_logging(settings)
    host = settings.sandbox_host

    def started(port: int) -> None:
        sys.stderr.write(
            f"The sandbox answers at http://{host}:{port}/v1 to the key {ADMIN_KEY}. "
            "To put the service in front of it:\n"
            f"  PORTKEY_API_KEY={ADMIN_KEY} PORTKEY_BASE_URL=http://{host}:{port}/v1 "
            "PORTKEY_ALLOW_PRIVATE_BASE_URL=1 PORTKEY_ALLOW_INSECURE_HTTP=1 portkey-admin-mcp\n"
        )

    sandbox = create_sandbox(path=settings.sandbox_path, fault=settings.sandbox_fault)
    try:
        return serve(
            sandbox, host=host, port=settings.sandbox_port, readiness=Readiness(), on_started=started
        )
    finally:
        sandbox.close()


def _health(_options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.health import check_health

    health = check_health(env)
    (sys.stdout if health.ok else sys.stderr).write(f"{health.finding}\n")
    return DONE if health.ok else FAILED


def _smoke(_options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.smoke import SmokeOptions, run_smoke

    try:
        options = SmokeOptions.from_environment(env)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    return run_smoke(options)


def _doctor(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.doctor import run_doctor
    from app.telemetry.logging import configure_logging

    # What the parts log on the way is told better by the findings, which own standard output.
    configure_logging(level="error", format="auto", stream=sys.stderr)
    return run_doctor(env, as_json=options.json)


def _check_config(_options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from app.catalog import index
    from app.service import read_settings
    from app.wiring.grants import load_policy_file

    stdio = env.get("MCP_TRANSPORT", "").strip().lower() == "stdio"
    settings = read_settings(env, stdio=stdio)
    for warning in settings.warnings:
        sys.stdout.write(f"Warning: {warning}\n")
    reach = f"Portkey at {settings.portkey_base_url}" if settings.reaches_portkey else "the embedded sandbox"
    tls = " with TLS" if settings.tls_cert_path else ""
    where = (
        "over stdio"
        if stdio
        else f"on {settings.host}:{settings.port}{tls}, authentication {settings.auth_mode}"
    )
    policy_file = load_policy_file(settings, index.read(), env) if settings.policy_file else None
    sys.stdout.write(f"The settings are right: portkey-admin-mcp would serve {reach} {where}.\n")
    if policy_file:
        sys.stdout.write(f"{settings.variable('policy_file')}={settings.policy_file} comes to:\n")
        sys.stdout.writelines(f"  {line}\n" for line in policy_file.rules.summary)
    return DONE


def _catalog(options: argparse.Namespace, _env: Mapping[str, str]) -> int:
    from app.catalog.report import print_catalog, write_snapshot_and_report

    if options.write:
        write_snapshot_and_report(sys.stdout)
    else:
        print_catalog(sys.stdout)
    return DONE


def _start_logging(settings: Settings) -> tuple[FilteringBoundLogger, Redactor]:
    import structlog

    from app.telemetry.logging import configure_logging

    redactor = configure_logging(
        level=settings.log_level,
        format=settings.log_format,
        stream=sys.stderr,
        secrets=settings.secret_values(),
    )
    log: FilteringBoundLogger = structlog.get_logger("app")
    for warning in settings.warnings:
        log.warning("setting", problem=warning)
    return log, redactor
