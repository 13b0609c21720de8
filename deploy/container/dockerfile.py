"""Reads the Dockerfile and plays its steps into folders, without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What pip on this machine needs to reach its index, as a build gets it from the engine's configuration.
PIP_FILES = ("/etc/pip.conf", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Step:
    """One instruction of the Dockerfile."""

    line: int
    keyword: str
    flags: dict[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The arguments, of the exec form or of the plain one."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


@dataclass
class Image:
    """A root file system and what an engine keeps next to it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    labels: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "SIGTERM"
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)


def steps_of(dockerfile: Path) -> list[Step]:
    """Read the instructions, with continued lines joined and comments left out."""
    steps: list[Step] = []
    pending, begun = "", 0
    for number, line in enumerate(dockerfile.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("#") or not (line.strip() or pending):
            continue
        begun = begun if pending else number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1].rstrip() + " "
            continue
        keyword, _, rest = pending.partition(" ")
        flags: dict[str, str] = {}
        while match := re.match(r"\s*--([a-z-]+)(?:=(\S+))?\s+", rest):
            if keyword not in {"COPY", "HEALTHCHECK", "FROM", "RUN"}:
                break
            flags[match[1]] = match[2] or ""
            rest = rest[match.end() :]
        steps.append(Step(begun, keyword.upper(), flags, rest.strip()))
        pending = ""
    return steps


class Builder:
    """Plays the steps into folders, a stage each."""

    def __init__(self, folder: Path, stand_in: Path) -> None:
        self._folder = folder
        self._stand_in = stand_in
        self._stages: dict[str, Image] = {}
        self._arguments: dict[str, str] = {}
        self._ignored = _ignore_rules()

    def build(self, steps: list[Step]) -> Image:
        """Play all steps and return the last stage."""
        image: Image | None = None
        for step in steps:
            print(f"{step.line:>4}  {step.keyword} {step.text[:100]}", flush=True)
            if step.keyword == "FROM":
                image = self._stage(step)
            elif step.keyword == "ARG":
                name, _, default = step.text.partition("=")
                self._arguments[name] = default
            elif image is None:
                raise SystemExit(f"line {step.line}: {step.keyword} stands before FROM")
            else:
                self._play(step, image)
        if image is None:
            raise SystemExit("the Dockerfile has no stage")
        return image

    def _stage(self, step: Step) -> Image:
        words = self._expand(step.text, {}).split()
        source, name = words[0], words[-1] if len(words) > 1 else str(len(self._stages))
        root = self._folder / name
        if source == "scratch":
            root.mkdir(parents=True)
            image = Image(root)
        elif source in self._stages:
            image = replace(self._stages[source], root=root)
            _copy_tree(self._stages[source].root, root)
        else:
            if "@sha256:" not in source:
                raise SystemExit(f"line {step.line}: {source} is not pinned by a digest")
            _copy_tree(self._stand_in, root)
            image = Image(root, env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
        self._stages[name] = image
        return image

    def _play(self, step: Step, image: Image) -> None:
        play = getattr(self, f"_{step.keyword.lower()}", None)
        if play is None:
            raise SystemExit(f"line {step.line}: {step.keyword} cannot be replayed")
        play(step, image)

    def _env(self, step: Step, image: Image) -> None:
        for word in shlex.split(self._expand(step.text, image.env)):
            name, _, value = word.partition("=")
            image.env[name] = value

    def _label(self, step: Step, image: Image) -> None:
        for word in shlex.split(self._expand(step.text, image.env)):
            name, _, value = word.partition("=")
            image.labels[name] = value

    def _workdir(self, step: Step, image: Image) -> None:
        image.workdir = step.text
        _inside(image.root, step.text).mkdir(parents=True, exist_ok=True)

    def _user(self, step: Step, image: Image) -> None:
        image.user = step.text

    def _expose(self, step: Step, image: Image) -> None:
        """Nothing to do: a note for people."""

    def _stopsignal(self, step: Step, image: Image) -> None:
        image.stop_signal = step.text

    def _healthcheck(self, step: Step, image: Image) -> None:
        if not step.text.startswith("CMD ["):
            raise SystemExit(f"line {step.line}: the health check is not of the exec form")
        image.health = json.loads(step.text.removeprefix("CMD "))

    def _entrypoint(self, step: Step, image: Image) -> None:
        if not step.text.startswith("["):
            raise SystemExit(f"line {step.line}: a shell would stand between SIGTERM and the service")
        image.entrypoint = step.words

    def _copy(self, step: Step, image: Image) -> None:
        *sources, target = step.words
        from_stage = step.flags.get("from")
        base = self._stages[from_stage].root if from_stage else ROOT
        goal = _inside(image.root, target if target.startswith("/") else f"{image.workdir}/{target}")
        for source in sources:
            origin = base / source.lstrip("/")
            if not from_stage and not self._reaches_the_builder(source):
                raise SystemExit(f"line {step.line}: .dockerignore keeps {source} from the builder")
            if origin.is_dir():
                _copy_tree(origin, goal, without=None if from_stage else "__pycache__")
                continue
            to = goal / origin.name if target.endswith("/") else goal
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, to)
            shutil.copymode(origin, to)
            if mode := step.flags.get("chmod"):
                to.chmod(int(mode, 8))

    def _run(self, step: Step, image: Image) -> None:
        command = step.words if step.text.startswith("[") else ["/bin/sh", "-c", step.text]
        environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        lent = [path for path in PIP_FILES if Path(path).exists()]
        links = [path for path in environment.get("PIP_FIND_LINKS", "").split() if Path(path).is_dir()]
        with _Lent(image.root, [*lent, *links]):
            subprocess.run(
                ["chroot", str(image.root), "/usr/bin/env", "-C", image.workdir, *command],
                env=environment | image.env,
                check=True,
            )

    def _expand(self, text: str, env: dict[str, str]) -> str:
        known = self._arguments | env
        return re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], text)

    def _reaches_the_builder(self, source: str) -> bool:
        return any(source == kept or source.startswith(f"{kept}/") for kept in self._ignored)


class _Lent:
    """What a RUN finds besides the image, for as long as it runs: /proc, /dev, and how to reach an index."""

    def __init__(self, root: Path, paths: list[str]) -> None:
        self._root = root
        self._paths = paths
        self._made: list[Path] = []

    def __enter__(self) -> None:
        for path in ["/proc", "/dev", *self._paths]:
            target = self._root / path.lstrip("/")
            if not target.exists():
                self._made.append(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.mkdir() if Path(path).is_dir() else target.touch()
            subprocess.run(
                ["mount", "--rbind" if path == "/dev" else "--bind", path, str(target)], check=True
            )

    def __exit__(self, *_: object) -> None:
        for path in reversed(["/proc", "/dev", *self._paths]):
            subprocess.run(["umount", "--lazy", str(self._root / path.lstrip("/"))], check=True)
        for made in reversed(self._made):
            made.rmdir() if made.is_dir() else made.unlink()


def _ignore_rules() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if "*" not in lines:
        raise SystemExit(".dockerignore lets everything through")
    return [line[1:] for line in lines if line.startswith("!")]


def _inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _copy_tree(source: Path, target: Path, without: str | None = None) -> None:
    ignore = shutil.ignore_patterns(without) if without else None
    if ignore:
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        return
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", f"{source}/.", str(target)], check=True)
