from __future__ import annotations

import pytest

from tests.protocol.stand_in import Backend


@pytest.fixture
async def backend() -> Backend:
    return Backend()
