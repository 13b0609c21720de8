"""What is known of Portkey's API and of an earlier service with these tools, when it lies beside us.

It is no part of the repository, so tests that need it are skipped where it is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[3] / "shared" / "reference" / "portkey"


def reference(name: str) -> Path:
    """Return the file of this name in the reference folder, or skip the test or module that asks."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is not there: nothing to compare with", allow_module_level=True)
    return path
