"""The servers next to which ours is measured: the npm package of the same name, and the bare MCP SDK."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.messages import TOKEN
from bench.processes import ROOT, free_port, module, server

NPM_FILES = tuple(ROOT / "bench" / "peer" / name for name in ("package.json", "package-lock.json"))
CACHE = ROOT / ".cache" / "bench"
INSTALL_WITHIN = 300
MANY = "1000000"


def install_npm_peer() -> Path:
    """Install the npm package and the Node it wants, once for each version; the folder they are in.

    Raises:
        SystemExit: npm is missing, or cannot install them.
    """
    key = hashlib.sha256(b"".join(file.read_bytes() for file in NPM_FILES)).hexdigest()[:12]
    home = CACHE / f"npm-{key}"
    if (home / ".complete").exists():
        return home
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("The npm peer needs npm (nodejs.org). Without it: make bench ARGS=--without-npm")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (CACHE.parent / ".gitignore").write_text("*\n")
    for file in NPM_FILES:
        shutil.copy(file, home)
    done = subprocess.run(
        # Node comes as a package whose install script puts the program in place.
        [npm, "ci", "--no-audit", "--no-fund", "--silent", "--prefix", str(home)],
        capture_output=True,
        text=True,
        timeout=INSTALL_WITHIN,
        check=False,
    )
    if done.returncode:
        sys.exit(f"npm could not install the peer:\n{done.stdout}{done.stderr}")
    (home / ".complete").touch()
    return home


def npm_command(mode: str, portkey: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of the npm package in a session mode, as its own documentation says."""
    settings = {
        "NODE_ENV": "",
        "PORT": str(port),
        "MCP_HOST": "127.0.0.1",
        "MCP_SESSION_MODE": mode,
        "MCP_AUTH_MODE": "bearer",
        "MCP_AUTH_TOKEN": TOKEN,
        "MCP_MAX_SESSIONS": MANY,
        # Its limiter admits 60 requests a minute at most, and cannot be set high enough.
        "RATE_LIMIT_ENABLED": "false",
        "PORTKEY_API_KEY": "pk-bench",
        "PORTKEY_BASE_URL": portkey,
        "PORTKEY_ALLOW_PRIVATE_BASE_URL": "true",
        "PORTKEY_ALLOW_INSECURE_HTTP": "true",
    }
    modules = install_npm_peer() / "node_modules"
    program = modules / "portkey-admin-mcp" / "build" / "server.js"
    return [str(modules / "node" / "bin" / "node"), str(program)], settings


@contextlib.contextmanager
def npm_peer(mode: str, portkey: str, core: int | None) -> Iterator[tuple[int, int]]:
    """Start the npm package; its port and process id."""
    port = free_port()
    command, settings = npm_command(mode, portkey, port)
    with server(command, core, settings, port) as started:
        yield port, started.pid


def sdk_command(mode: str, portkey: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of the bare MCP SDK with our tools."""
    settings = {"BENCH_PORT": str(port), "BENCH_BACKEND": portkey, "BENCH_MODE": mode}
    return module("bench.plain_sdk"), settings


@contextlib.contextmanager
def plain_sdk(mode: str, portkey: str, core: int | None) -> Iterator[tuple[int, int]]:
    """Start the bare MCP SDK; its port and process id."""
    port = free_port()
    command, settings = sdk_command(mode, portkey, port)
    with server(command, core, settings, port) as started:
        yield port, started.pid
