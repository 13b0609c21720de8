"""The policy file in use: read at the start, and again on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.auth.policy_file.flaws import PolicyFileError
from app.auth.policy_file.loading import load_rules
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.auth.grants import Grant
    from app.auth.policy_file.loading import Surroundings
    from app.auth.policy_file.rules import Rules
    from app.auth.principal import Principal


class PolicyFile:
    """Grants what the file says that was read last.

    Args:
        path: Where the file is.
        surroundings: What it stands in.
        keep_secret: Told of every Portkey key before it is used, so that the log can mask it.
    """

    def __init__(
        self, path: str, surroundings: Surroundings, *, keep_secret: Callable[[Iterable[str]], None]
    ) -> None:
        """Read the file.

        Raises:
            PolicyFileError: It cannot be used.
        """
        self._path = path
        self._surroundings = surroundings
        self._keep_secret = keep_secret
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.auth")
        self.rules = self._load()
        self._state = OK

    def state(self) -> ComponentState:
        """Say whether the file that was read last could be used."""
        return self._state

    def of(self, principal: Principal) -> Grant | None:
        """Return what the first rule that matches grants; None when none does, or when it denies."""
        return self.rules.of(principal)

    def reload(self) -> None:
        """Take the file and the keys as they are now, or keep what there is and log why. Raises nothing."""
        try:
            self.rules = self._load()
        except PolicyFileError as error:
            self._state = ComponentState("degraded", "the changed policy file cannot be used")
            self._log.error("policy_reload_failed", path=self._path, problems=list(map(str, error.flaws)))
            return
        self._state = OK
        self._log.info("policy_reloaded", path=self._path, rules=list(self.rules.summary))
        for warning in self.rules.warnings:
            self._log.warning("policy", problem=warning)

    def _load(self) -> Rules:
        rules = load_rules(self._path, self._surroundings)
        self._keep_secret(rules.secret_values())
        return rules
