from __future__ import annotations

from typing import get_args

import pytest

from app.auth.bearer import BearerVerifier
from app.web.options import AuthMode, WebOptions


@pytest.mark.parametrize("mode", [mode for mode in get_args(AuthMode) if mode != "none"])
def test_authentication_without_a_verifier_cannot_be_configured(mode: AuthMode) -> None:
    with pytest.raises(ValueError, match=mode):
        WebOptions(version="1", base_url="http://x", auth_mode=mode)


def test_a_verifier_that_nobody_would_ask_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="none"):
        WebOptions(version="1", base_url="http://x", verifier=BearerVerifier(["t"]))
