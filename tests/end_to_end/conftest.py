"""The services that the end-to-end tests share, and their output next to a failure."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.end_to_end import installing
from tests.end_to_end.processes import Running
from tests.end_to_end.services import TOKEN, http_service

SHOWN = 6000


@pytest.fixture(scope="session")
def stateless() -> Iterator[Running]:
    """A stateless service on its embedded sandbox, open to loopback."""
    with http_service("stateless") as service:
        yield service


@pytest.fixture(scope="session")
def stateful() -> Iterator[Running]:
    """A stateful service on its embedded sandbox, behind a bearer token."""
    with http_service("stateful", token=TOKEN) as service:
        yield service


@pytest.fixture(scope="session")
def python_v1() -> list[str]:
    return installing.python_v1()


@pytest.fixture(scope="session")
def typescript() -> list[str]:
    return installing.typescript()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name, value in item.funcargs.items():
            if isinstance(value, Running):
                report.sections.append((f"Output of the service {name!r}", value.output()[-SHOWN:]))
    return report
