from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from app.auth.policy import ALLOW_ALL, Policy, Risk


@dataclass(frozen=True)
class ATool:
    name: str
    domain: str
    risk: Risk


LIST_KEYS = ATool("list_api_keys", "keys", "read")
CREATE_KEY = ATool("create_api_key", "keys", "write")
DELETE_USER = ATool("delete_user", "users", "destructive")


def test_allow_all_permits_every_tool() -> None:
    assert all(map(ALLOW_ALL.permits, [LIST_KEYS, CREATE_KEY, DELETE_USER]))


def test_read_only_permits_nothing_that_changes_anything() -> None:
    policy = Policy(read_only=True)
    assert policy.permits(LIST_KEYS)
    assert not policy.permits(CREATE_KEY)
    assert not policy.permits(DELETE_USER)


def test_domains_restrict_whatever_the_risk() -> None:
    policy = Policy(domains=frozenset({"keys"}))
    assert policy.permits(LIST_KEYS)
    assert policy.permits(CREATE_KEY)
    assert not policy.permits(DELETE_USER)


def test_no_domains_permit_nothing() -> None:
    assert not Policy(domains=frozenset()).permits(LIST_KEYS)


def test_equal_policies_share_one_cache_entry() -> None:
    cache = {Policy(frozenset({"keys"}), read_only=True): "selection"}
    assert cache[Policy(frozenset({"keys"}), read_only=True)] == "selection"


def test_names_restrict_whatever_the_domain() -> None:
    policy = Policy(tools=frozenset({"list_api_keys"}))
    assert policy.permits(LIST_KEYS)
    assert not policy.permits(CREATE_KEY)


@given(
    domains=st.none() | st.frozensets(st.sampled_from(["keys", "users"])),
    tool=st.sampled_from([LIST_KEYS, CREATE_KEY, DELETE_USER]),
)
def test_read_only_never_widens_what_domains_permit(domains: frozenset[str] | None, tool: ATool) -> None:
    assert Policy(domains).permits(tool) or not Policy(domains, read_only=True).permits(tool)
