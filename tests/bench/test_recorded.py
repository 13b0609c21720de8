"""What `make bench-quick` takes for worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import recorded
from bench.messages import OPERATIONS
from bench.servers import OURS_2026, OURS_STATEFUL, OURS_STATELESS

KNOWN = {"tools/call, ours, 2026": 2.0, "tools/list, ours, 2026": 1.0}


def test_a_ratio_15_percent_worse_is_named_with_both_figures() -> None:
    found = recorded.worse({**KNOWN, "tools/call, ours, 2026": 2.3}, KNOWN)
    assert list(found) == ["tools/call, ours, 2026"]
    assert "15 % more" in found["tools/call, ours, 2026"]
    assert "2.30 times" in found["tools/call, ours, 2026"]
    assert "2.00 recorded" in found["tools/call, ours, 2026"]


@pytest.mark.parametrize("ratio", [1.0, 2.0, 2.29])
def test_a_better_ratio_and_one_that_is_a_little_worse_pass(ratio: float) -> None:
    assert recorded.worse({"tools/call, ours, 2026": ratio}, KNOWN) == {}


def test_a_ratio_that_nobody_recorded_is_no_pass() -> None:
    found = recorded.worse({"tools/call, ours, new": 1.0}, KNOWN)
    assert "--record" in found["tools/call, ours, new"]


def test_what_disturbs_half_of_the_measurements_does_not_count() -> None:
    assert recorded.typical([100, 900, 102, 5000]) == 101
    assert recorded.typical([100]) == 100


def test_what_is_written_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "FILE", tmp_path / "recorded.json")
    recorded.write({"tools/call, ours, 2026": 2.00049})
    assert recorded.read() == {"tools/call, ours, 2026": 2.0}


def test_every_server_and_operation_is_recorded() -> None:
    servers = (OURS_2026, OURS_STATELESS, OURS_STATEFUL)
    assert set(recorded.read()) == {
        f"{operation}, {server}" for operation in OPERATIONS for server in servers
    }
