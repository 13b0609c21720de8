"""From environment variables to `Settings`, with all problems found in one go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr, ValidationError

from app.settings.accepts import parse_secret, parse_secrets
from app.settings.cross_checks import COMMON_CHECKS, HTTP_CHECKS, Check, choice_warnings, tool_domains_check
from app.settings.model import Settings, accepts_of, is_secret, setting_fields, variables_of
from app.settings.problems import Problem, SettingsError
from app.settings.unknown import unknown_variable_warnings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    _FieldProblem = tuple[str, Problem]

_LARGEST_SECRET_FILE: Final = 65_536
_KUBERNETES_HINT: Final = (
    " Kubernetes sets this for a Service of the same name; enableServiceLinks: false in the pod prevents it."
)


def load_settings(
    env: Mapping[str, str],
    *,
    domains: Collection[str] = (),
    transport: Literal["http", "stdio"] | None = None,
    checks: Sequence[Check] = (),
) -> Settings:
    """Read the settings out of `env`; files named by *_FILE variables are read too (64 KiB at most).

    Args:
        env: Environment variables. Blank values count as unset.
        domains: Names of the tool domains that exist; empty leaves the selection unchecked.
        transport: What will be served, when the command line says so; it wins over MCP_TRANSPORT. Only
            "stdio" given here leaves out the checks of the HTTP server, so that a stray variable cannot.
        checks: Further checks whose problems belong in the same report.

    Returns:
        The settings, with secrets from files merged in, `log_format` decided where production decides it, and
        `warnings` for what is worth a line in the log.

    Raises:
        SettingsError: With every problem.
    """
    texts, sources = _choose(env)
    problems = _parse_problems(texts, sources)
    failed = {name for name, _ in problems}
    draft = Settings.model_validate(
        {name: text for name, text in texts.items() if name not in failed} | {"sources": sources}
    )
    merged, file_problems = _merge_files(draft, failed)
    failed |= {name for name, _ in file_problems}
    settings = draft.model_copy(update=merged | _decided(draft, transport))

    found = [problem for _, problem in problems + file_problems]
    http_checks = () if transport == "stdio" else HTTP_CHECKS
    domain_checks = (tool_domains_check(domains),) if domains else ()
    for check in (*http_checks, *COMMON_CHECKS, *domain_checks, *checks):
        if failed.isdisjoint(check.needs):
            found.extend(check.run(settings))
    if found:
        raise SettingsError(found)

    known = [variable for _, field in setting_fields() for variable in variables_of(field)]
    warnings = (*_file_warnings(draft), *choice_warnings(settings), *unknown_variable_warnings(env, known))
    return settings.model_copy(update={"warnings": warnings})


def _choose(env: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the trimmed text and the winning variable of each field that is set."""
    texts: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name, field in setting_fields():
        for variable in variables_of(field):
            text = env.get(variable, "").strip()
            if text:
                texts[name], sources[name] = text, variable
                break
    return texts, sources


def _parse_problems(texts: Mapping[str, str], sources: Mapping[str, str]) -> list[_FieldProblem]:
    try:
        Settings.model_validate(texts)
    except ValidationError as error:
        names = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors(include_input=False))
    else:
        return []
    problems = []
    for name in names:
        field = Settings.model_fields[name]
        hint = _KUBERNETES_HINT if texts[name].startswith("tcp://") else ""
        given = None if is_secret(field) else texts[name]
        problems.append((name, Problem(sources[name], given, f"Use {accepts_of(field).words}.{hint}")))
    return problems


def _merge_files(draft: Settings, failed: Collection[str]) -> tuple[dict[str, object], list[_FieldProblem]]:
    """Read the secret files; return the fields they change and the problems with them, both by field name."""
    merged: dict[str, object] = {}
    problems: list[_FieldProblem] = []

    def report(field: str, path: str, accepted: str) -> None:
        problems.append((field, Problem(draft.variable(field), path, accepted)))

    if draft.auth_token_file is not None:
        try:
            found = _tokens_of(_read(draft.auth_token_file))
        except OSError as error:
            report("auth_token_file", draft.auth_token_file, _unreadable(error))
        except ValueError:
            report(
                "auth_token_file",
                draft.auth_token_file,
                "Put one token a line into the file, at least one, in visible ASCII, 64 KiB in all.",
            )
        else:
            known = [token.get_secret_value() for token in draft.auth_tokens]
            merged["auth_tokens"] = tuple(SecretStr(token) for token in dict.fromkeys([*known, *found]))

    key_is_set = draft.portkey_api_key is not None or "portkey_api_key" in failed
    if draft.portkey_api_key_file is not None and not key_is_set:
        try:
            merged["portkey_api_key"] = SecretStr(parse_secret(_read(draft.portkey_api_key_file).strip()))
        except OSError as error:
            report("portkey_api_key_file", draft.portkey_api_key_file, _unreadable(error))
        except ValueError:
            report(
                "portkey_api_key_file",
                draft.portkey_api_key_file,
                "Put the key alone into the file, in visible ASCII.",
            )
    return merged, problems


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        content = file.read(_LARGEST_SECRET_FILE + 1)
    if len(content) > _LARGEST_SECRET_FILE:
        raise ValueError
    return content.decode("utf-8-sig")


def _unreadable(error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"Name a file that this process can read ({reason})."


def _tokens_of(content: str) -> tuple[str, ...]:
    lines = [line.strip() for line in content.splitlines()]
    return parse_secrets(",".join(line for line in lines if line and not line.startswith("#")))


def _decided(draft: Settings, transport: Literal["http", "stdio"] | None) -> dict[str, object]:
    decided: dict[str, object] = {} if transport is None else {"transport": transport}
    production = "production" in {(draft.node_env or "").lower(), (draft.environment or "").lower()}
    if production and draft.log_format == "auto":
        decided["log_format"] = "json"
    return decided


def _file_warnings(draft: Settings) -> tuple[str, ...]:
    if draft.portkey_api_key is not None and draft.portkey_api_key_file is not None:
        return ("PORTKEY_API_KEY_FILE has no effect, because PORTKEY_API_KEY is set and wins.",)
    return ()
