"""Renders an overlay as `kubectl kustomize` does, as far as the overlays here go, for checks without kubectl.

What it knows: resources, components, namespace, images, labels, and configMapGenerator with literals.
Anything else in a kustomization is an error, so that the checks see what a cluster would get.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
OVERLAYS = ("trial", "production")
_KNOWN = {
    "apiVersion",
    "kind",
    "resources",
    "components",
    "namespace",
    "images",
    "labels",
    "configMapGenerator",
}

Manifest = dict[str, Any]


def render(overlay: str) -> list[Manifest]:
    """Return the manifests of one of OVERLAYS, or of `base`.

    Raises:
        ValueError: A kustomization has something that is not rendered here.
    """
    return _build(FOLDER / ("base" if overlay == "base" else f"overlays/{overlay}"), [])


def _build(folder: Path, manifests: list[Manifest]) -> list[Manifest]:
    document = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if unknown := set(document) - _KNOWN:
        raise ValueError(f"{folder}: {', '.join(sorted(unknown))} cannot be rendered here")
    for entry in document.get("resources", ()):
        path = (folder / entry).resolve()
        if path.is_dir():
            manifests = _build(path, manifests)
        else:
            manifests += list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    for generator in document.get("configMapGenerator", ()):
        _generate(generator, manifests)
    for entry in document.get("components", ()):
        manifests = _build((folder / entry).resolve(), manifests)
    manifests = deepcopy(manifests)
    for manifest in manifests:
        _adjust(manifest, document)
    return manifests


def _generate(generator: Manifest, manifests: list[Manifest]) -> None:
    data = dict(literal.split("=", 1) for literal in generator["literals"])
    if generator.get("behavior") == "merge":
        (existing,) = (
            manifest
            for manifest in manifests
            if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == generator["name"]
        )
        existing["data"] |= data
        return
    metadata = {"name": generator["name"]}
    manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _adjust(manifest: Manifest, document: Manifest) -> None:
    metadata = manifest["metadata"]
    if "namespace" in document and manifest["kind"] != "Namespace":
        metadata["namespace"] = document["namespace"]
    for label in document.get("labels", ()):
        metadata.setdefault("labels", {}).update(label["pairs"])
    for image in document.get("images", ()):
        for container in containers_of(manifest):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def containers_of(manifest: Manifest) -> list[Manifest]:
    """Return the containers that a manifest makes, which is none for most kinds."""
    containers: list[Manifest] = (
        manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    )
    return containers
