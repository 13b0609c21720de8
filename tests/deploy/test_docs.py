"""docs/deployment: its commands and settings name what exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from app.cli import _parser
from app.settings.model import setting_fields, variables_of
from app.smoke.options import VARIABLES
from deploy.kubernetes.render import render
from tests.end_to_end.processes import ROOT

FOLDER = ROOT / "docs" / "deployment"
PAGES = sorted([*FOLDER.glob("*.md"), ROOT / "deploy" / "clients" / "README.md"])
KNOWN = {variable for _, field in setting_fields() for variable in variables_of(field)} | set(VARIABLES)
OF_DEPLOYMENTS = {"MCP_BIND"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands_of(page: Path) -> list[str]:
    """The commands of the page's shell blocks, with continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", text_of(page), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_each_setting_that_is_named_exists(page: Path) -> None:
    named = set(
        re.findall(r"\b(?:MCP|PORTKEY|CLERK|RATE_LIMIT|SANDBOX)_[A-Z0-9_]*[A-Z0-9]\b(?!_)", text_of(page))
    )

    assert named - {"PORTKEY_MCP_TOKEN", "MCP_TLS"} <= KNOWN | OF_DEPLOYMENTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_commands_are_shell_and_name_files_and_targets_that_exist(page: Path) -> None:
    commands = commands_of(page)
    for command in commands:
        subprocess.run(["bash", "-n", "-c", command], check=True, timeout=10)
    script = "\n".join(commands)
    targets = re.findall(r"\bmake ([a-z-]+)", script)
    files = re.findall(r"(?<![\w/.-])(?:deploy/[\w./-]+|requirements\.txt)", script)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert not [target for target in targets if not re.search(rf"(?m)^{target}:", makefile)]
    assert not [file for file in files if not (ROOT / file.rstrip("/")).exists()]


def test_commands_of_ours_that_are_named_exist() -> None:
    parser = _parser()
    named = {
        word
        for page in PAGES
        for command in commands_of(page)
        for word in re.findall(r"(?:--from \.|--rm \S.*|/bin/) ?portkey-admin-mcp ([a-z-]+)$", command)
    }

    assert named == {"stdio", "check-config"}
    assert all(parser.parse_args([word]) for word in named)


def test_the_docker_run_line_is_that_of_the_product() -> None:
    (line,) = (command for command in commands_of(FOLDER / "docker.md") if "replace_with" in command)
    given = [
        "PORTKEY_API_KEY=your_key",
        "MCP_HOST=0.0.0.0",
        "MCP_PORT=3000",
        "MCP_AUTH_MODE=bearer",
        "MCP_AUTH_TOKEN=replace_with_long_random_secret",
    ]
    variables = [word for pair in given for word in ("-e", pair)]

    assert line.split() == ["docker", "run", *variables, "-p", "3000:3000", "portkey-admin-mcp"]


def test_the_lines_that_write_the_env_file_of_compose_write_what_it_asks_for(tmp_path: Path) -> None:
    first, second, *_ = commands_of(FOLDER / "compose.md")
    script = f"{first}\n{second}".replace("deploy/", f"{ROOT}/deploy/")
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True, timeout=30)
    written = set(re.findall(r"(?m)^(\w+)=.+$", (tmp_path / ".env").read_text(encoding="utf-8")))
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))

    assert asked | {"MCP_AUTH_TOKEN", "PORTKEY_API_KEY", "PORTKEY_BASE_URL"} <= written


def test_the_secrets_that_the_manifests_name_are_made() -> None:
    kubernetes = "\n".join(commands_of(FOLDER / "kubernetes.md"))
    cloud_run = "\n".join(commands_of(FOLDER / "cloud-run.md"))
    named = set(re.findall(r"secretRef': \{'name': '([\w-]+)'", str(render("production"))))
    named |= set(re.findall(r"secretKeyRef': \{'name': '([\w-]+)'", str(render("production"))))
    service = yaml.safe_load((ROOT / "deploy/cloudrun/service.yaml").read_text(encoding="utf-8"))
    of_google = set(re.findall(r"secretKeyRef': \{'name': '([\w-]+)'", str(service)))

    assert named == set(re.findall(r"create secret generic ([\w-]+)", kubernetes))
    assert of_google == set(re.findall(r"gcloud secrets create ([\w-]+)", cloud_run))


def test_git_ignores_what_the_checklist_of_vercel_says() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", ".env", ".vercel"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )

    assert ignored.stdout.split() == [".env", ".vercel"]


def test_the_readme_leads_to_every_page() -> None:
    readme = text_of(ROOT / "README.md")

    assert not [
        page.name for page in FOLDER.glob("*.md") if page.name != "README.md" and page.name not in readme
    ]
