"""Does without a container engine what one would do with the Dockerfile: builds it, runs the result.

Needs Linux, root and debootstrap (`apt install debootstrap`). The base image is replaced by a Debian of the
same release, made by debootstrap and kept in .cache/container; everything else is what the Dockerfile says,
read from it step by step. The result starts as the Dockerfile's user, as process 1 in namespaces of its own,
on a read-only root, without capabilities. Then its health check and the smoke test have to pass, and SIGTERM
has to end it.

    make container-check

Exit code 0 when all of it passed.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from deploy.container.dockerfile import ROOT, Builder, Image, steps_of

CACHE = ROOT / ".cache" / "container"
START_WITHIN = 30.0
STOP_WITHIN = 15.0
TOKEN = "a-token-for-the-replay-of-the-image"  # noqa: S105 - made up


def stand_in(release: str) -> Path:
    """Return a root like the base image: Debian of this release, /usr/local/bin/python, pip."""
    root = CACHE / f"base-{release}"
    if (root / ".complete").exists():
        return root
    print(f"Making a base of Debian {release} with debootstrap, once (a minute or two) ...", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    packages = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", packages, release, str(root)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    python = root / "usr/local/bin/python"
    python.symlink_to("/usr/bin/python3")
    wheel = next((root / "usr/share/python-wheels").glob("pip-*.whl"))
    shutil.unpack_archive(wheel, next((root / "usr/local/lib").glob("python3.*/dist-packages")), "zip")
    (root / ".complete").touch()
    return root


def start(image: Image, settings: dict[str, str], command: list[str]) -> subprocess.Popen[bytes]:
    """Start a command in the image: namespaces of its own for mounts, processes and network."""
    description = json.dumps(
        {"root": str(image.root), "env": image.env | settings, "workdir": image.workdir, "user": image.user}
    )
    return subprocess.Popen(
        [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--net"),
            *(sys.executable, "-m", "deploy.container.replay", "--inside", *command),
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REPLAY": description},
    )


def inside(command: list[str]) -> None:
    """Become the command, in the namespaces that `start` made: loopback, a read-only root, no rights."""
    image = json.loads(os.environ["REPLAY"])
    _raise_loopback()
    root = image["root"]
    for arguments in (
        ["--make-rprivate", "/"],
        ["--bind", root, root],
        ["-o", "remount,bind,ro", root],
        ["-t", "proc", "proc", f"{root}/proc"],
        ["-t", "tmpfs", "-o", "mode=755,size=64k", "dev", f"{root}/dev"],
    ):
        subprocess.run(["mount", *arguments], check=True)
    for name, number in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        os.mknod(f"{root}/dev/{name}", 0o020666, os.makedev(1, number))
        Path(f"{root}/dev/{name}").chmod(0o666)
    os.chroot(root)
    os.chdir(image["workdir"])
    libc = ctypes.CDLL(None, use_errno=True)
    set_no_new_privileges, drop_from_bounding_set = 38, 24
    for capability in range(64):
        libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)
    libc.prctl(set_no_new_privileges, 1, 0, 0, 0)
    user, group = map(int, image["user"].split(":"))
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    os.environ["PATH"] = image["env"]["PATH"]
    os.execvpe(command[0], command, image["env"])  # noqa: S606 - becoming it is the point


def _raise_loopback() -> None:
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, get_flags, request))[1]
        fcntl.ioctl(handle, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def first_child(process: subprocess.Popen[bytes]) -> int:
    """Return the process that unshare forked, which is process 1 in its namespace."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        children = (
            Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        )
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise SystemExit("the container did not start")


def enter(pid: int, image: Image, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the image next to its process 1, as an engine runs a health check."""
    user, group = image.user.split(":")
    return subprocess.run(
        [
            *("nsenter", "--target", str(pid), "--mount", "--net", "--pid", f"--root=/proc/{pid}/root"),
            *(f"--setuid={user}", f"--setgid={group}", *command),
        ],
        env=image.env,
        capture_output=True,
        text=True,
        check=False,
    )


def wait_until_healthy(process: subprocess.Popen[bytes], pid: int, image: Image) -> None:
    """Return when the health check passes."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"it ended with {process.returncode} before it was healthy")
        if enter(pid, image, image.health).returncode == 0:
            return
        time.sleep(0.05)
    raise SystemExit("the health check did not pass in time")


def check(process: subprocess.Popen[bytes], pid: int, image: Image) -> None:
    """See to what the image promises of its running container."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    user = image.user.split(":")[0]
    _expect(
        "is an ordinary user", user != "0" and re.search(rf"^Uid:(\s+{user}){{4}}$", status, re.MULTILINE)
    )
    _expect("has no capability", re.search(r"^CapBnd:\s+0+$", status, re.MULTILINE))
    _expect("is process 1", re.search(r"^NSpid:\s+\d+\s+1$", status, re.MULTILINE))
    wrote = enter(pid, image, ["python", "-c", f"open('{image.workdir}/written', 'w')"])
    _expect("has a read-only root", "Read-only file system" in wrote.stderr)
    _expect("passes its health check", enter(pid, image, image.health).returncode == 0)
    smoke = subprocess.run(
        ["nsenter", "--target", str(pid), "--net", "make", "--no-print-directory", "test-http"],
        cwd=ROOT,
        env=os.environ | {"MCP_TEST_BEARER_TOKEN": TOKEN},
        check=False,
    )
    _expect("passes make test-http", smoke.returncode == 0)
    os.kill(pid, signal.Signals[image.stop_signal])
    _expect(f"ends with 0 on {image.stop_signal}", process.wait(STOP_WITHIN) == 0)


def main() -> None:
    """Build, run, check, tell."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise SystemExit("This needs root and debootstrap (apt install debootstrap).")
    dockerfile = ROOT / "Dockerfile"
    release = re.search(r"slim-([a-z]+)@", dockerfile.read_text(encoding="utf-8"))
    if release is None:
        raise SystemExit("the base image names no release of Debian")
    base = stand_in(release[1])
    folder = CACHE / "stages"
    _remove(folder)
    begun = time.monotonic()
    image = Builder(folder, base).build(steps_of(dockerfile))
    built = time.monotonic() - begun

    begun = time.monotonic()
    process = start(image, {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN}, image.entrypoint)
    pid = first_child(process)
    try:
        wait_until_healthy(process, pid, image)
        started = time.monotonic() - begun
        check(process, pid, image)
    finally:
        # unshare would end it, were it not another user's by now.
        if process.poll() is None:
            os.kill(pid, signal.SIGKILL)
    print(
        f"Built in {built:.0f} s. {_megabytes(image.root):.0f} MB on this base, of which"
        f" {_megabytes(image.root / 'opt'):.0f} MB are the service and its dependencies."
        f" Healthy after {started:.1f} s."
    )
    _remove(folder)


def _remove(folder: Path) -> None:
    """Remove what was built; never what a build that was cut short has left mounted in it."""
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", str(folder)], check=True)


def _megabytes(folder: Path) -> float:
    files = (file.lstat() for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.st_size for file in files) / 1e6


def _expect(what: str, holds: object) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  the container {what}", flush=True)
    if not holds:
        raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2:])
    else:
        main()
