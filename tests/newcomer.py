"""The first minutes of a newcomer, timed: an empty clone, `make run`, an MCP client, `make test-http`.

Needs git, make and a Python with venv; takes nothing from the environment or from pip's cache. Exit code 1
with the reason when the service does not answer in time.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 180
# What a newcomer's shell has; certificates and package index settings belong to the machine, not to us.
KEPT = ("PATH", "HOME", "LANG", "TERM", "TMPDIR", "PYENV_VERSION")
KEPT_PREFIXES = ("PIP_", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http", "no_proxy")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "newcomer", "version": "1"},
    },
}


def initialize(url: str) -> str | None:
    """The answer to an MCP initialize, or None while nobody answers."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, json.dumps(INITIALIZE).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        raise SystemExit(
            f"initialize was refused with {error.code}: {error.read().decode()[:500]}"
        ) from error
    except OSError:
        return None


def wait_for_initialize(service: subprocess.Popen[bytes], url: str, started: float) -> str:
    """The answer to initialize, or the end of this program with the reason."""
    while time.monotonic() - started < LIMIT_SECONDS:
        if service.poll() is not None:
            raise SystemExit(f"make run ended with code {service.returncode} before it answered.")
        if (answer := initialize(url)) is not None:
            return answer
        time.sleep(0.2)
    raise SystemExit(f"make run did not answer an MCP initialize within {LIMIT_SECONDS} s.")


def main() -> None:
    environ = {
        key: value for key, value in os.environ.items() if key in KEPT or key.startswith(KEPT_PREFIXES)
    }
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environ |= {"MCP_PORT": str(port), "PIP_NO_CACHE_DIR": "1"}
    with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
        clone = Path(folder) / "portkey-admin-mcp"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        started = time.monotonic()
        service = subprocess.Popen(["make", "run"], cwd=clone, env=environ, start_new_session=True)
        try:
            answer = wait_for_initialize(service, f"{base}/mcp", started)
            seconds = time.monotonic() - started
            if '"serverInfo"' not in answer:
                raise SystemExit(f"The answer to initialize names no server: {answer[:500]}")
            subprocess.run(
                ["make", "test-http"],
                cwd=clone,
                env=environ | {"MCP_TEST_BASE_URL": base},
                check=True,
                timeout=120,
            )
        finally:
            os.killpg(service.pid, signal.SIGINT)
            try:
                service.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(service.pid, signal.SIGKILL)
                service.wait()
    print(f"A newcomer's service answered {seconds:.0f} s after `make run` on an empty clone.")


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{error}")
