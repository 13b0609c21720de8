"""Dashboard and alert rules name only what a running service exposes, and each alert has its runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.telemetry.metrics.metrics import Metrics
from tests.observability.exposition import OF_PROMETHEUS, exposed_types, labels_in, names_in, series_of

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
ALERTS = FOLDER / "alerts.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]
RUNBOOKS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("## Runbooks")[1]


async def test_each_metric_that_they_name_is_exposed() -> None:
    series = series_of(await exposed_types())
    named = {name for expression in EXPRESSIONS for name in names_in(expression)}
    assert len(named) > 10
    assert named <= series


def test_each_label_that_they_name_belongs_to_its_metric() -> None:
    registry = Metrics(version="1", backend="sandbox").registry
    labels = {
        name: set(collector._labelnames)
        for name, collector in registry._names_to_collectors.items()
        if hasattr(collector, "_labelnames")
    }
    wrong = [
        (metric, label)
        for expression in EXPRESSIONS
        for metric, label in labels_in(expression)
        if label not in OF_PROMETHEUS and label not in labels[metric]
    ]
    assert not wrong


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_has_a_severity_a_summary_and_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
    assert rule["expr"].count("(") == rule["expr"].count(")")
    runbook = RUNBOOKS.split(f"### {rule['alert']}\n")[1].split("\n### ")[0]
    assert "**Means**" in runbook
    assert "**Do**" in runbook or "**Look and do**" in runbook


def test_there_is_no_runbook_without_its_alert() -> None:
    assert re.findall(r"^### (\w+)$", RUNBOOKS, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_prometheus_itself_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        return  # only a second opinion: what matters is tested above
    done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_one_id_each() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_each_panel_asks_the_data_source_that_was_chosen() -> None:
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {
        "datasource",
        "job",
        "instance",
    }
    for panel in PANELS:
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert 'job=~"$job"' in target["expr"]
