"""The service, which writes down how many tasks it has when it gets SIGUSR1.

Run as `python -m tests.faults.soak_service`; the number goes to a file named like its port in TASKS_FOLDER.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from app.cli import main


def count_tasks(_number: int, _frame: FrameType | None) -> None:
    loop = asyncio.get_running_loop()
    file = Path(os.environ["TASKS_FOLDER"]) / os.environ["MCP_PORT"]
    file.with_suffix(".new").write_text(str(len(asyncio.all_tasks(loop))))
    file.with_suffix(".new").rename(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, count_tasks)
    sys.exit(main(["http"]))
