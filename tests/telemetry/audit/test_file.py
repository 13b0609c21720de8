"""Records in real files: whole, in order, where the name says, and readable by their owner alone."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from app.telemetry.audit.channel import Channel
from app.telemetry.audit.file import FileSink
from app.telemetry.audit.sink import SinkFailedError
from tests.web.support import until

FULL = Path("/dev/full")


def numbers(path: Path) -> list[int]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_records_are_appended_to_a_file_of_its_owner(path: Path) -> None:
    sink = FileSink(str(path))
    asyncio.run(sink.write([b"1", b"2"]))
    asyncio.run(sink.write([b"3"]))
    asyncio.run(sink.aclose())
    again = FileSink(str(path))
    asyncio.run(again.write([b"4"]))
    asyncio.run(again.aclose())
    assert numbers(path) == [1, 2, 3, 4]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_moved_away_is_replaced_at_the_next_record(path: Path) -> None:
    sink = FileSink(str(path))
    asyncio.run(sink.write([b"1"]))
    moved = path.rename(path.with_suffix(".1"))
    asyncio.run(sink.write([b"2"]))
    path.unlink()
    asyncio.run(sink.write([b"3"]))
    asyncio.run(sink.aclose())
    assert (numbers(moved), numbers(path)) == ([1], [3])


def test_reopening_lets_go_of_a_file_that_was_moved_away(path: Path) -> None:
    sink = FileSink(str(path))
    asyncio.run(sink.write([b"1"]))
    moved = path.rename(path.with_suffix(".1"))
    assert is_open(moved)
    asyncio.run(sink.reopen())
    assert not is_open(moved)
    asyncio.run(sink.write([b"2"]))
    asyncio.run(sink.aclose())
    assert (numbers(moved), numbers(path)) == ([1], [2])


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_failure_and_what_replaces_the_file_gets_the_records(path: Path) -> None:
    path.symlink_to(FULL)
    sink = FileSink(str(path))
    with pytest.raises(SinkFailedError, match="no space left"):
        asyncio.run(sink.write([b"1"]))
    path.unlink()
    asyncio.run(sink.write([b"1"]))
    asyncio.run(sink.aclose())
    assert numbers(path) == [1]


def test_a_record_torn_by_a_full_disk_has_a_line_of_its_own_and_follows_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = 12
    write = os.write

    def limited(fd: int, data: bytes) -> int:
        nonlocal space
        if not space:
            raise OSError(28, "No space left on device")
        written = write(fd, data[:space])
        space -= written
        return written

    # No file system of a few bytes can be made without privileges, so the system call plays one.
    monkeypatch.setattr(os, "write", limited)
    sink = FileSink(str(path))
    lines = [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    with pytest.raises(SinkFailedError) as failure:
        asyncio.run(sink.write(lines))
    assert failure.value.written == 1
    with pytest.raises(SinkFailedError) as failure:
        asyncio.run(sink.write(lines[1:]))
    assert failure.value.written == 0
    space = 1000
    asyncio.run(sink.write(lines[1:]))
    asyncio.run(sink.aclose())
    assert path.read_bytes().splitlines() == [b'{"a":1}', b'{"b"', b'{"b":2}', b'{"c":3}']


def test_a_pipe_that_nobody_reads_is_a_failure_and_no_wait(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(SinkFailedError):
        asyncio.run(FileSink(str(path)).write([b"1"]))


def is_open(path: Path) -> bool:
    """Whether this process has the file open."""
    for entry in Path("/dev/fd").iterdir():
        try:
            if os.path.samestat(os.fstat(int(entry.name)), path.stat()):
                return True
        except OSError:
            continue
    return False


def test_a_disk_that_hangs_keeps_neither_the_end_of_the_service_nor_of_the_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    def hanging(_fd: int, data: bytes) -> int:
        hangs.set()
        go_on.wait(20)
        return len(data)

    async def service() -> int:
        channel = Channel(FileSink(str(path)), capacity=10)
        channel.start()
        channel.put(b"1", reserved=False)
        await until(hangs.is_set)
        await channel.aclose(0.05)
        return channel.lost

    # No disk that hangs can be made without privileges.
    monkeypatch.setattr(os, "write", hanging)
    started = time.monotonic()
    try:
        assert asyncio.run(service()) == 1
        assert time.monotonic() - started < 10
    finally:
        go_on.set()
