"""The manifests of Kubernetes and Cloud Run: each starts with its environment and passes its probes.

The base runs as part of both overlays. Whether the form is right is for `make deploy-check` to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from app.settings import load_settings
from deploy.kubernetes.render import OVERLAYS, containers_of, render
from tests.end_to_end.processes import command, free_port, running

ROOT = Path(__file__).parents[2]
CLOUD_RUN = yaml.safe_load((ROOT / "deploy/cloudrun/service.yaml").read_text(encoding="utf-8"))
# What an operator puts into the Secrets that the manifests name.
SECRETS = {
    "portkey-admin-mcp": {"MCP_AUTH_TOKEN": "a-token-of-the-manifest-tests-01"},
    "portkey-api-key": {"latest": "pk-0123456789"},
    "portkey-mcp-auth-token": {"latest": "a-token-of-the-manifest-tests-01"},
    "portkey-admin-mcp-redis": {"password": "a-password"},
}
OURS = "portkey-admin-mcp"
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def deployments(overlay: str) -> list[dict[str, Any]]:
    return [manifest for manifest in render(overlay) if containers_of(manifest)]


def one(overlay: str, kind: str, name: str = OURS) -> dict[str, Any]:
    (found,) = (m for m in render(overlay) if m["kind"] == kind and m["metadata"]["name"] == name)
    return found


def environment_of(container: dict[str, Any], config: dict[str, str]) -> dict[str, str]:
    """The environment as the kubelet puts it together: what `env` says wins over `envFrom`."""
    given: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        given |= config if "configMapRef" in source else SECRETS[source["secretRef"]["name"]]
    for variable in container.get("env", ()):
        if "value" in variable:
            given[variable["name"]] = variable["value"]
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            given[variable["name"]] = SECRETS[reference["name"]][reference["key"]]
    return given


def serve(container: dict[str, Any], given: dict[str, str]) -> dict[str, int]:
    """Start the service as the container would and ask its probes: path and status. Only the port is ours."""
    (listed,) = container["ports"]
    port = free_port()
    variable = "SANDBOX_PORT" if container["args"] == ["sandbox"] else "MCP_PORT"
    assert given.get("PORT", given.get(variable)) == str(listed["containerPort"])
    given = {name: value for name, value in given.items() if name != "PORT"} | {variable: str(port)}
    paths = [container[probe]["httpGet"]["path"] for probe in PROBES if probe in container]
    assert {container[probe]["httpGet"]["port"] for probe in PROBES if probe in container} <= {
        listed["name"],
        listed["containerPort"],
    }
    with running(command(*container["args"]), port=port, settings=given, ready=paths[0]) as service:
        # The kubelet asks for the pod by its address.
        answers = {path: httpx2.get(f"{service.url}{path}", headers={"Host": "10.1.2.3"}) for path in paths}
        service.process.kill()
    return {path: answer.status_code for path, answer in answers.items()}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_deployment_starts_and_passes_its_probes(overlay: str, redis_url: str) -> None:
    config = one(overlay, "ConfigMap")["data"]
    SECRETS[OURS]["MCP_REDIS_URL"] = redis_url
    for manifest in deployments(overlay):
        for container in containers_of(manifest):
            if not container["image"].startswith("redis:"):
                given = environment_of(container, config)
                assert set(serve(container, given).values()) == {200}


def test_the_cloud_run_service_starts_and_passes_its_probes() -> None:
    (container,) = CLOUD_RUN["spec"]["template"]["spec"]["containers"]
    # As the image has it, and as the platform adds it.
    given = {"MCP_HOST": "0.0.0.0", "PORT": str(container["ports"][0]["containerPort"])}  # noqa: S104
    given |= environment_of(container, {})

    assert serve(container, given) == {"/ready": 200, "/health": 200}


@pytest.mark.parametrize("overlay", ["base", *OVERLAYS])
def test_no_setting_of_a_manifest_is_misspelt(overlay: str) -> None:
    given = one(overlay, "ConfigMap")["data"] | {"MCP_AUTH_TOKEN": "a-token-of-the-manifest-tests-01"}
    given |= {"MCP_REDIS_URL": "redis://redis"}

    assert not [text for text in load_settings(given).warnings if "is not a setting" in text]


@pytest.mark.parametrize("overlay", ["base", *OVERLAYS])
def test_pods_keep_to_the_restricted_profile(overlay: str) -> None:
    for manifest in deployments(overlay):
        pod = manifest["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_that_is_named_exists(overlay: str) -> None:
    manifests = render(overlay)
    labels = [
        manifest["spec"]["template"]["metadata"]["labels"]
        for manifest in manifests
        if containers_of(manifest)
    ]
    selectors = [m["spec"]["selector"] for m in manifests if m["kind"] == "Service"]
    selectors += [
        m["spec"]["selector"]["matchLabels"] for m in manifests if m["kind"] == "PodDisruptionBudget"
    ]
    selectors += [m["spec"]["podSelector"]["matchLabels"] for m in manifests if m["kind"] == "NetworkPolicy"]

    assert all(any(selector.items() <= one.items() for one in labels) for selector in selectors)
    assert not [m for m in manifests if m["kind"] == "Secret"]
    assert one(overlay, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == OURS
    assert {m["metadata"].get("namespace") for m in manifests if m["kind"] != "Namespace"} == {
        "portkey-admin-mcp"
    }


def test_a_pod_has_the_time_that_its_service_takes_to_leave() -> None:
    config = one("production", "ConfigMap")["data"]
    pod = one("production", "Deployment")["spec"]["template"]["spec"]
    leaving = (int(config["MCP_SHUTDOWN_DELAY_MS"]) + int(config["MCP_SHUTDOWN_TIMEOUT_MS"])) / 1000

    assert pod["terminationGracePeriodSeconds"] >= leaving + 5
    assert one("production", "Deployment")["spec"]["replicas"] >= 2
    assert one("production", "HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2


def test_cloud_run_has_the_form_of_a_knative_service() -> None:
    assert (CLOUD_RUN["apiVersion"], CLOUD_RUN["kind"]) == ("serving.knative.dev/v1", "Service")
    assert set(CLOUD_RUN["spec"]) <= {"template", "traffic"}
    assert set(CLOUD_RUN["spec"]["template"]["spec"]) <= {
        "containerConcurrency",
        "containers",
        "serviceAccountName",
        "timeoutSeconds",
    }
    assert sum(target["percent"] for target in CLOUD_RUN["spec"]["traffic"]) == 100
