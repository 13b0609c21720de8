"""Checks the deployment files with the checkers of their formats: `make deploy-check`.

The Dockerfile with hadolint; docker-compose.yml and the workflows against their schemas; strictly against
those of Kubernetes the manifests, base and overlays, and the container of the Cloud Run service, which has
the same form. Exit code 0 when all of them pass.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

from deploy.kubernetes.render import OVERLAYS, Manifest, render

ROOT = Path(__file__).parents[1]
KUBERNETES = ("1.31", "1.33")


def main() -> int:
    """Run every check, tell of each, and return the exit code."""
    programs = Path(sys.executable).parent
    schema = [str(programs / "check-jsonschema"), "--builtin-schema"]
    failed = [
        _run([str(programs / "hadolint"), "Dockerfile"]),
        _run([*schema, "vendor.compose-spec", "docker-compose.yml"]),
        _run([*schema, "vendor.github-workflows", ".github/workflows/ci.yml"]),
        *(_validate(f"deploy/kubernetes, {overlay}", render(overlay)) for overlay in ("base", *OVERLAYS)),
        _validate("deploy/cloudrun", [_pod_of_cloud_run()]),
    ]
    return int(any(failed))


def _run(command: list[str]) -> bool:
    name = f"{Path(command[0]).name}: {command[-1]}"
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return _tell(name, ran.stdout + ran.stderr if ran.returncode else "")


def _validate(name: str, manifests: list[Manifest]) -> bool:
    problems = []
    for version in KUBERNETES:
        for manifest in manifests:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                problems.append(f"{manifest['kind']} {manifest['metadata']['name']}: {error}")
    return _tell(f"Kubernetes {', '.join(KUBERNETES)}: {name}", "\n".join(problems))


def _pod_of_cloud_run() -> Manifest:
    """Cloud Run's service as the pod it describes; what only Cloud Run knows is left out."""
    service = yaml.safe_load((ROOT / "deploy/cloudrun/service.yaml").read_text(encoding="utf-8"))
    spec = copy.deepcopy(service["spec"]["template"]["spec"])
    for name in ("containerConcurrency", "timeoutSeconds"):
        del spec[name]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "cloud-run"}, "spec": spec}


def _tell(name: str, problems: str) -> bool:
    print(f"{'FAIL' if problems else 'ok  '}  {name}")
    if problems:
        print(problems)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
