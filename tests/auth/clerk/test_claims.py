from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.clerk.claims import principal_of

ISSUER = "https://clerk.test"


def of(**claims: Any) -> Any:
    return principal_of(ISSUER, {"sub": "user_1"} | claims)


def test_version_1_claims() -> None:
    principal = of(org_id="org_1", org_role="org:admin", org_permissions=["org:keys:read"], org_slug="x")
    assert principal.organization == "org_1"
    assert principal.roles == {"org:admin"}
    assert principal.permissions == {"org:keys:read"}


def test_the_example_of_clerks_documentation_for_version_2() -> None:
    principal = of(
        v=2,
        fea="o:dashboard,o:teams",
        o={"id": "org_2", "rol": "admin", "slg": "x", "per": "manage,read", "fpm": "3,2"},
    )
    assert principal.organization == "org_2"
    assert principal.roles == {"org:admin"}
    assert principal.permissions == {"org:dashboard:manage", "org:dashboard:read", "org:teams:read"}


def test_features_of_the_user_have_no_mask() -> None:
    principal = of(fea="u:beta,o:keys,uo:logs,u:x", o={"id": "o", "per": "read,write", "fpm": "1,2"})
    assert principal.permissions == {"org:keys:read", "org:logs:write"}


@pytest.mark.parametrize(
    ("organization", "features"),
    [
        ({"per": "read", "fpm": "-1"}, "o:keys"),
        ({"per": "read", "fpm": "0x1"}, "o:keys"),
        ({"per": "read", "fpm": "9" * 30}, "o:keys"),
        ({"per": "read", "fpm": "0"}, "o:keys"),
        ({"per": "read", "fpm": 1}, "o:keys"),
        ({"per": "", "fpm": "1"}, "o:keys"),
        ({"per": "read"}, "o:keys"),
        ({"per": "read", "fpm": "1"}, "u:keys"),
        ({"per": "read", "fpm": "1"}, "keys"),
        ({"per": "read", "fpm": "1"}, ["o:keys"]),
        ({"per": "read", "fpm": "1"}, None),
        ({"per": {"read": True}, "fpm": "1"}, "o:keys"),
        ("org_1", "o:keys"),
        (None, "o:keys"),
    ],
)
def test_malformed_compact_claims_grant_nothing(organization: object, features: object) -> None:
    assert of(o=organization, fea=features).permissions == frozenset()


def test_lists_of_a_custom_template_count_too() -> None:
    principal = of(
        roles=["auditor", " ", 7], permissions=["keys:read"], o={"per": ["org:a:b"], "rol": "org:x"}
    )
    assert principal.roles == {"auditor", "org:x"}
    assert principal.permissions == {"keys:read", "org:a:b"}


@pytest.mark.parametrize("name", ["scp", "scope", "scopes"])
@pytest.mark.parametrize("value", ["profile portkey:read", ["profile", "portkey:read"]])
def test_scopes_come_as_a_list_or_as_text(name: str, value: object) -> None:
    assert of(**{name: value}).scopes == {"profile", "portkey:read"}


def test_the_same_subject_of_another_issuer_is_somebody_else() -> None:
    assert of().id != principal_of("https://clerk.other", {"sub": "user_1"}).id


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = [
    "o",
    "fea",
    "org_id",
    "org_role",
    "org_permissions",
    "roles",
    "permissions",
    "scp",
    "scope",
    "scopes",
]


@given(st.dictionaries(st.sampled_from(NAMES), json_values))
def test_no_claim_can_break_the_reading(claims: dict[str, object]) -> None:
    principal = principal_of(ISSUER, {"sub": "user_1"} | claims)
    assert all(isinstance(text, str) for text in principal.roles | principal.permissions | principal.scopes)
    hash(principal)
