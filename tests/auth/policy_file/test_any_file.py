"""Whatever is in the file: it is a policy, or it is told what is wrong with it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.auth.policy_file.files import flaws

WORDS = st.sampled_from(
    ["*", "a", "configs", "list_configs", "server", "caller", "TEAM_A_KEY", "/", "admin", "prompts/*", "\0"]
)
MATCHING = ["match", "principals", "roles", "deny", "name"]
GRANTING = [
    "grant",
    "domains",
    "tools",
    "exclude_tools",
    "read_only",
    "max_risk",
    "credential",
    "env",
    "file",
]
KEYS = st.sampled_from([*MATCHING, *GRANTING, "grnt", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = VALUES | st.fixed_dictionaries({"credentials": VALUES, "rules": st.lists(VALUES, max_size=3)})


@given(document=DOCUMENTS)
def test_any_document_is_judged(document: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert all(flaws(Path(folder), json.dumps(document)))


@given(text=st.text(max_size=200) | st.text(alphabet="[]{}:,-&*!|>'\"%@` \n#?ab1", max_size=200))
@example("a: &a [*a]")
@example("<<: {a: 1}")
@example("? ")
@example("!!set {a}")
@example("2020-13-45")
@example("1:60:99")
@example("=")
def test_any_text_is_judged(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert flaws(Path(folder), text)
