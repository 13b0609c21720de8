"""The file is read again on demand; a broken one leaves what was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from structlog.testing import capture_logs

from app.auth.policy_file import PolicyFile, Surroundings
from tests.auth.policy_file.files import ALICE, KEY_A, KEY_B, TOOLS, rule, written

DOCUMENT = {"rules": [rule({"principals": "user_alice"}, domains="prompts")]}


class Secrets:
    def __init__(self) -> None:
        self.known: list[str] = []

    def __call__(self, secrets: Iterable[str]) -> None:
        self.known += secrets


def test_a_changed_file_counts_from_the_reload_on(tmp_path: Path) -> None:
    path = written(tmp_path, DOCUMENT)
    policy = PolicyFile(path, Surroundings(tools=TOOLS), keep_secret=Secrets())
    written(tmp_path, {"rules": [rule({"principals": "user_bob"})]})
    assert policy.of(ALICE)
    with capture_logs() as entries:
        policy.reload()
    assert policy.of(ALICE) is None
    assert [(entry["event"], entry["log_level"]) for entry in entries] == [("policy_reloaded", "info")]


def test_a_broken_file_keeps_the_old_policy_and_logs_every_problem(tmp_path: Path) -> None:
    path = written(tmp_path, DOCUMENT)
    policy = PolicyFile(path, Surroundings(tools=TOOLS), keep_secret=Secrets())
    before = policy.of(ALICE)
    written(tmp_path, {"rules": [rule(domains="promts"), rule(tools="lst")]})
    with capture_logs() as entries:
        policy.reload()
    assert policy.of(ALICE) is before
    (entry,) = entries
    assert (entry["event"], entry["log_level"], len(entry["problems"])) == (
        "policy_reload_failed",
        "error",
        2,
    )
    assert policy.state().status == "degraded"
    written(tmp_path, DOCUMENT)
    policy.reload()
    assert policy.state().status == "ok"


def test_a_reload_warns_of_what_can_hardly_be_meant(tmp_path: Path) -> None:
    policy = PolicyFile(written(tmp_path, DOCUMENT), Surroundings(tools=TOOLS), keep_secret=Secrets())
    written(tmp_path, {"rules": [rule(), *DOCUMENT["rules"]]})
    with capture_logs() as entries:
        policy.reload()
    assert [entry["event"] for entry in entries] == ["policy_reloaded", "policy"]
    assert "never reached" in entries[1]["problem"]


def test_a_rotated_key_is_kept_secret_before_it_is_used(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(KEY_A)
    document = {"credentials": {"a": {"file": str(secret)}}, "rules": [rule(credential="a")]}
    secrets = Secrets()
    policy = PolicyFile(written(tmp_path, document), Surroundings(tools=TOOLS), keep_secret=secrets)
    secret.write_text(KEY_B)
    policy.reload()
    grant = policy.of(ALICE)
    assert grant
    assert grant.portkey_key
    assert grant.portkey_key.secret.get_secret_value() == KEY_B
    assert secrets.known == [KEY_A, KEY_B]


def test_a_reload_with_a_missing_key_keeps_the_old_one(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(KEY_A)
    document = {"credentials": {"a": {"file": str(secret)}}, "rules": [rule(credential="a")]}
    policy = PolicyFile(written(tmp_path, document), Surroundings(tools=TOOLS), keep_secret=Secrets())
    secret.unlink()
    policy.reload()
    assert policy.rules.secret_values() == (KEY_A,)
