"""From the settings to what each principal is granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.auth.bearer import principal_id
from app.auth.grants import CallerKey, Grant, Grants, SameForAll
from app.auth.policy import Policy
from app.auth.principal import ANONYMOUS, STDIO
from app.settings import Check, Problem, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from app.auth.policy import GovernedTool
    from app.auth.policy_file import PolicyFile, Surroundings
    from app.auth.principal import Principal
    from app.settings import Settings

_NEEDS: Final = (
    "policy_file",
    "allow_caller_key",
    "auth_mode",
    "tool_domains",
    "read_only",
    "portkey_api_key",
    "portkey_api_key_file",
)


def server_policy(settings: Settings) -> Policy:
    """Return what the server permits at most."""
    return Policy(
        domains=frozenset(settings.tool_domains) if settings.tool_domains else None,
        read_only=settings.read_only,
    )


def load_policy_file(
    settings: Settings,
    tools: Sequence[GovernedTool],
    env: Mapping[str, str],
    keep_secret: Callable[[Iterable[str]], None] = lambda _secrets: None,
) -> PolicyFile | None:
    """Read the policy file, if there is one.

    Args:
        settings: The settings.
        tools: The whole catalogue.
        env: Environment variables that its credentials may name.
        keep_secret: Told of every Portkey key, so that the log can mask it.

    Raises:
        SettingsError: With everything that is wrong with it.
    """
    if settings.policy_file is None:
        return None
    from app.auth.policy_file import PolicyFile, PolicyFileError

    try:
        return PolicyFile(settings.policy_file, _surroundings(settings, tools, env), keep_secret=keep_secret)
    except PolicyFileError as error:
        variable = settings.variable("policy_file")
        raise SettingsError(
            Problem(variable, settings.policy_file, str(flaw)) for flaw in error.flaws
        ) from error


def policy_file_check(tools: Callable[[], Sequence[GovernedTool]], env: Mapping[str, str]) -> Check:
    """Return the check that the policy file, if there is one, can be used."""

    def run(settings: Settings) -> Iterator[Problem]:
        try:
            load_policy_file(settings, tools() if settings.policy_file else (), env)
        except SettingsError as error:
            yield from error.problems

    return Check(_NEEDS, run)


def policy_warnings(settings: Settings, policy_file: PolicyFile) -> Iterator[str]:
    """Yield a sentence for each part of the policy that can hardly be meant."""
    yield from (f"{settings.variable('policy_file')}: {warning}" for warning in policy_file.rules.warnings)
    if policy_file.rules.keys and not settings.reaches_portkey:
        yield (
            "The credentials of the policy file are used on the embedded sandbox, because neither"
            " PORTKEY_API_KEY nor PORTKEY_BASE_URL is set."
        )


def grants_of(settings: Settings, policy_file: PolicyFile | None) -> Grants:
    """Return who decides: the policy file, or without one the same for all."""
    if policy_file is not None:
        return policy_file
    caller_key: CallerKey = "optional" if settings.allow_caller_key else "refused"
    return SameForAll(Grant(server_policy(settings), caller_key=caller_key))


def grant_of_stdio(settings: Settings, grants: Grants, principal: Principal) -> Grant:
    """Return what the client at the standard streams is granted.

    Raises:
        SettingsError: It is nothing, or takes a header, which there is not.
    """
    grant = grants.of(principal)
    if grant is None or grant.caller_key == "required":
        raise SettingsError(
            [
                Problem(
                    settings.variable("policy_file"),
                    settings.policy_file,
                    "No rule grants anything to the client of stdio. Add one that says principals: stdio,"
                    " with a credential other than caller, or unset the variable.",
                )
            ]
        )
    return grant


def _surroundings(settings: Settings, tools: Sequence[GovernedTool], env: Mapping[str, str]) -> Surroundings:
    from app.auth.policy_file import Surroundings

    return Surroundings(
        tools=tools,
        policy=server_policy(settings),
        env=env,
        secrets=settings.secret_values(),
        server_key=settings.portkey_api_key is not None or not settings.reaches_portkey,
        caller_keys=settings.allow_caller_key,
        logins=settings.auth_mode == "clerk",
        principals=_principals(settings),
    )


def _principals(settings: Settings) -> frozenset[str] | None:
    """Return the ids of everybody who can call over HTTP or stdio, where that is known."""
    if settings.auth_mode == "clerk":
        return None
    tokens = [token.get_secret_value() for token in settings.auth_tokens]
    http = {ANONYMOUS.id} if settings.auth_mode == "none" else set(map(principal_id, tokens))
    return frozenset({STDIO.id, *http})
