"""What the benchmark hides from the servers."""

from __future__ import annotations

import re

from bench.processes import NOT_DEPLOYED, ROOT


def test_only_packages_that_no_deployment_has_are_hidden() -> None:
    deployed = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    hidden = {path.stem for path in NOT_DEPLOYED.glob("*.py")}
    assert "structlog" in deployed
    assert hidden
    assert not hidden & deployed
