"""A fresh sandbox in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.application import Sandbox, create_sandbox
from tests.sandbox.client import Api, TickingClock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    app = create_sandbox(clock=TickingClock())
    yield app
    app.close()


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox)
