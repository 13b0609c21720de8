"""An administrator's journey, with every official client line, over every transport."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end import python_v2
from tests.end_to_end.journey import Answer, OverHttp, OverStdio, Report, Target, travel_with
from tests.end_to_end.processes import Running
from tests.support.parts import needs

TRANSPORTS = ("stateless", "stateful", "stdio")


@pytest.fixture(params=TRANSPORTS)
def target(request: pytest.FixtureRequest) -> Target:
    if request.param == "stdio":
        return OverStdio()
    service = request.getfixturevalue(request.param)
    assert isinstance(service, Running)
    return OverHttp.of(service)


@pytest.fixture
def label(request: pytest.FixtureRequest) -> str:
    """A name of the test's own, since the tests share a sandbox."""
    name: str = request.node.name
    return name.translate(str.maketrans("[]", "  ")).strip().replace(" ", "-")


@pytest.mark.parametrize(("mode", "protocol"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_the_python_client(target: Target, label: str, mode: python_v2.Mode, protocol: str) -> None:
    report = await python_v2.travel(target, label, mode)
    assert report.protocol == protocol
    assert_went_well(report, label)


async def test_the_python_client_before_version_2(target: Target, label: str, python_v1: list[str]) -> None:
    report = await travel_with(python_v1, target, label)
    assert report.protocol == "2025-11-25"
    assert_went_well(report, label)


@needs("node", "the official TypeScript client")
async def test_the_typescript_client(target: Target, label: str, typescript: list[str]) -> None:
    assert_went_well(await travel_with(typescript, target, label), label)


def assert_went_well(report: Report, label: str) -> None:
    assert report.server == "portkey-admin-mcp"
    answers = report.answers
    assert {answer.tool for answer in answers} <= set(report.tools)
    assert [answer.text for answer in answers if answer.is_error] == []
    assert all(json.loads(answer.text) == answer.data for answer in answers)
    created, found, _, found_renamed, _, found_no_more, prompt, _, before, _, after = answers
    assert names(found) == [f"Journey {label}"]
    assert found.data["data"][0]["id"] == created.data["id"]
    assert names(found_renamed) == [f"Journey {label}, renamed"]
    assert names(found_no_more) == []
    assert prompt.data["id"]
    assert "Hello Ada." in before.text
    assert "Good morning, Ada." in after.text


def names(listing: Answer) -> list[str]:
    return [workspace["name"] for workspace in listing.data["data"]]
