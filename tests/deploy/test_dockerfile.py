"""What can be read from the Dockerfile. `make container-check` builds it and runs the result."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app
from app.cli import WRONG_SETTINGS, main
from deploy.container.dockerfile import steps_of
from tests.end_to_end.processes import command, free_port, running

ROOT = Path(__file__).parents[2]
STEPS = steps_of(ROOT / "Dockerfile")
IMAGE = STEPS[max(number for number, step in enumerate(STEPS) if step.keyword == "FROM") :]


def of_the_image(keyword: str) -> list[str]:
    return [step.text for step in IMAGE if step.keyword == keyword]


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for text in of_the_image("ENV") for pair in text.split())


def test_every_stage_starts_from_one_digest_or_from_nothing() -> None:
    (base,) = [step.text for step in STEPS if step.keyword == "ARG" and "@sha256:" in step.text]
    sources = {step.text.split()[0] for step in STEPS if step.keyword == "FROM"}

    assert re.fullmatch(
        r"PYTHON_IMAGE=docker\.io/library/python:3\.\d+\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base
    )
    assert sources == {"${PYTHON_IMAGE}", "scratch"}


def test_it_runs_as_an_ordinary_user_with_a_number() -> None:
    (user,) = of_the_image("USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_signals_reach_the_service_and_not_a_shell() -> None:
    assert of_the_image("ENTRYPOINT") == ['["portkey-admin-mcp"]']
    assert of_the_image("STOPSIGNAL") == ["SIGTERM"]
    assert of_the_image("HEALTHCHECK") == ['CMD ["portkey-admin-mcp", "health"]']


def test_it_serves_http_to_the_outside_and_brings_no_secret() -> None:
    assert variables()["MCP_HOST"] == "0.0.0.0"  # noqa: S104 - the image's network is its own
    assert variables()["MCP_PORT"] == "3000"
    assert "MCP_TRANSPORT" not in variables()
    assert not [name for name in variables() if re.search(r"KEY|TOKEN|SECRET|PASSWORD", name)]


def test_its_label_has_the_version_of_the_package() -> None:
    assert f"VERSION={app.__version__}" in of_the_image("ARG")


def test_what_is_installed_is_pinned_by_hash() -> None:
    installs = [step.text for step in STEPS if step.keyword == "RUN" and " install " in step.text]

    assert installs
    assert all("--require-hashes" in text and "--only-binary :all:" in text for text in installs)


def test_the_docker_run_line_of_the_product_description_serves_http() -> None:
    port = free_port()
    # docker run -e ...: MCP_PORT alone differs, because another service may have 3000 here.
    given = {
        "PORTKEY_API_KEY": "your_key",
        "MCP_HOST": "0.0.0.0",  # noqa: S104
        "MCP_PORT": str(port),
        "MCP_AUTH_MODE": "bearer",
        "MCP_AUTH_TOKEN": "replace_with_long_random_secret",
    }
    of_image = {name: value for name, value in variables().items() if name.startswith("MCP_")}
    with running(command(), port=port, settings=of_image | given, ready="/ready") as service:
        assert "placeholder of the documentation" in service.output()


def test_without_authentication_it_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    of_image = {name: value for name, value in variables().items() if name.startswith("MCP_")}

    assert main([], of_image) == WRONG_SETTINGS
    report = capsys.readouterr().err
    assert "MCP_AUTH_MODE=bearer" in report
    assert "MCP_ALLOW_UNAUTHENTICATED_HTTP" in report
