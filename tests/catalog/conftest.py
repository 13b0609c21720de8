"""A caller with a fresh sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.application import Sandbox, create_sandbox
from tests.catalog.desk import Desk


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    app = create_sandbox()
    yield app
    app.close()


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)
