"""From a policy file to `Rules`, with everything that is wrong with it found in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from app.auth.grants import Grant
from app.auth.policy import ALLOW_ALL, Policy
from app.auth.policy_file.credentials import place_of, resolve
from app.auth.policy_file.document import read_document
from app.auth.policy_file.flaws import Flaw, PolicyFileError, did_you_mean, flaws_of, shown
from app.auth.policy_file.model import (
    ANYBODY,
    CALLER,
    CREDENTIAL_NAME,
    MOST_CREDENTIALS,
    MOST_RULES,
    NEVER_THE_KEY,
    SERVER,
    GrantPart,
    Known,
    Reference,
    RulePart,
    names_tool,
)
from app.auth.policy_file.rules import Match, Rule, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from app.auth.policy import GovernedTool
    from app.auth.portkey_key import PortkeyKey

_SECTIONS: Final = ("credentials", "rules")
_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a policy file stands in.

    Attributes:
        tools: The whole catalogue.
        policy: What the server itself permits, which no rule widens.
        env: Environment variables that credentials may name.
        secrets: Secrets that must not stand in the file.
        server_key: Whether the server has a Portkey key of its own.
        caller_keys: Whether callers may bring keys at all.
        logins: Whether principals have organizations, roles, permissions and scopes.
        principals: Ids of all the principals there can be; None when they are not known beforehand.
    """

    tools: Sequence[GovernedTool]
    policy: Policy = ALLOW_ALL
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    server_key: bool = True
    caller_keys: bool = False
    logins: bool = True
    principals: frozenset[str] | None = None


def load_rules(path: str, surroundings: Surroundings) -> Rules:
    """Read a policy file and check it.

    Raises:
        PolicyFileError: With everything that is wrong with it.
    """
    text, document = read_document(path)
    if not isinstance(document, dict):
        raise PolicyFileError([Flaw("", "The file must be a mapping with the keys credentials and rules.")])
    flaws = [
        Flaw("", f"{shown(str(key))} is not known here{did_you_mean(str(key), _SECTIONS)}.")
        for key in document
        if key not in _SECTIONS
    ]
    credentials = _Credentials(document.get("credentials", {}), surroundings.env)
    flaws += credentials.flaws
    reader = _RuleReader(credentials, surroundings)
    rules = reader.read(document.get("rules"))
    flaws += reader.flaws
    secrets = {*surroundings.secrets, *(key.secret.get_secret_value() for key in credentials.keys.values())}
    if any(secret in text for secret in secrets if len(secret) >= _SHORTEST_SECRET):
        flaws.append(Flaw("", f"The file holds a secret of this server in the clear. {NEVER_THE_KEY}"))
    if flaws:
        raise PolicyFileError(flaws)
    return Rules(
        tuple(rules),
        credentials.keys,
        (
            *(f"{reader.title(number)}: {rule.summary}" for number, rule in enumerate(rules, 1)),
            *(f"credential {name}: {place_of(where)}" for name, where in credentials.references.items()),
        ),
        tuple(_warnings(rules, reader, credentials, surroundings)),
    )


class _Credentials:
    """The section `credentials`: what it declares, and what of it could be fetched."""

    def __init__(self, section: object, env: Mapping[str, str]) -> None:
        self.flaws: list[Flaw] = []
        self.references: dict[str, Reference] = {}
        self.keys: dict[str, PortkeyKey] = {}
        if not isinstance(section, dict):
            self.flaws.append(Flaw("credentials", "must be a mapping from names to {env: …} or {file: …}."))
            section = {}
        if len(section) > MOST_CREDENTIALS:
            self.flaws.append(Flaw("credentials", f"has more than {MOST_CREDENTIALS} entries."))
            section = {}
        self.declared = frozenset(name for name in section if isinstance(name, str))
        for name, raw in section.items():
            self._read(name, raw, env)

    def _read(self, name: object, raw: object, env: Mapping[str, str]) -> None:
        if not isinstance(name, str) or not CREDENTIAL_NAME.fullmatch(name) or name in (SERVER, CALLER):
            taken = f" '{name}' has a meaning of its own." if name in (SERVER, CALLER) else ""
            advice = f"has a name that cannot be used.{taken} Use small letters, digits, _ and -."
            self.flaws.append(Flaw("credentials: one entry", advice))
            return
        place = f"credentials: {name}"
        if not isinstance(raw, dict):
            self.flaws.append(Flaw(place, f"must not be a value. {NEVER_THE_KEY}"))
            return
        try:
            reference = Reference.model_validate(raw)
            self.references[name] = reference
            self.keys[name] = resolve(name, reference, env)
        except ValidationError as error:
            self.flaws += flaws_of(error, place, Reference)
        except ValueError as error:
            self.flaws.append(Flaw(place, f"has no key. {error}"))


class _RuleReader:
    """The section `rules`."""

    def __init__(self, credentials: _Credentials, surroundings: Surroundings) -> None:
        self.flaws: list[Flaw] = []
        self.used: set[str] = set()
        self._titles: list[str] = []
        self._keys = credentials.keys
        self._known = Known(surroundings.tools, credentials.declared)
        self._surroundings = surroundings

    def title(self, number: int) -> str:
        """What people know a rule by."""
        return self._titles[number - 1]

    def read(self, section: object) -> list[Rule]:
        """Return the rules; `flaws` has what is wrong with them."""
        if not isinstance(section, list) or not section:
            advice = "must be a list with at least one rule. Without one, nobody may do anything."
            self.flaws.append(Flaw("rules", advice))
            return []
        if len(section) > MOST_RULES:
            self.flaws.append(Flaw("rules", f"has more than {MOST_RULES} entries."))
            return []
        self._titles = [_title(number, raw) for number, raw in enumerate(section, 1)]
        return [
            rule for place, raw in zip(self._titles, section, strict=True) if (rule := self._rule(place, raw))
        ]

    def _rule(self, place: str, raw: object) -> Rule | None:
        try:
            part = RulePart.model_validate(raw, context=self._known)
        except ValidationError as error:
            self.flaws += flaws_of(error, place, RulePart)
            return None
        match = Match(**{name: frozenset(values) for name, values in part.match})
        if part.grant is None:
            return Rule(match, None, "nothing")
        flaws = [Flaw(f"{place}: grant", advice) for advice in self._contradictions(part.grant)]
        if flaws:
            self.flaws += flaws
            return None
        return self._granting(place, match, part.grant)

    def _contradictions(self, part: GrantPart) -> Iterator[str]:
        tools = self._known.tools
        outside = [
            shown(pattern)
            for pattern in part.tools or ()
            if part.domains
            and not any(names_tool(pattern, tool) and tool.domain in part.domains for tool in tools)
        ]
        if outside:
            yield (
                f"names {', '.join(outside)} under tools, which none of its domains has. tools picks among"
                " the domains: add the domain, or leave domains out and write 'domain/*' under tools."
            )
        elif not any(_picks(part, tool) for tool in tools):
            yield (
                "grants no tool, since each of its keys takes tools away. Write deny: true instead of grant"
                " to give nothing."
            )
        if part.credential == CALLER and not self._surroundings.caller_keys:
            yield "asks for the caller's own key, which MCP_ALLOW_CALLER_KEY=true permits first."
        if part.credential == SERVER and not self._surroundings.server_key:
            yield (
                "names no credential, and the server has no key of its own. Name one, or set PORTKEY_API_KEY."
            )

    def _granting(self, place: str, match: Match, part: GrantPart) -> Rule:
        self.used.add(part.credential)
        chosen = [
            tool
            for tool in self._known.tools
            if _picks(part, tool) and self._surroundings.policy.permits(tool)
        ]
        domains = frozenset(tool.domain for tool in chosen)
        grant = Grant(
            Policy(domains=domains, tools=frozenset(tool.name for tool in chosen)),
            self._keys.get(part.credential),
            "required" if part.credential == CALLER else "refused",
            place,
        )
        credential = {SERVER: "the server's own key", CALLER: "the caller's own key"}.get(
            part.credential, f"credential {part.credential}"
        )
        return Rule(
            match, grant, f"{_many(len(chosen), 'tool')} in {_many(len(domains), 'domain')}, {credential}"
        )


def _picks(part: GrantPart, tool: GovernedTool) -> bool:
    policy = Policy(
        domains=None if part.domains is None else frozenset(part.domains),
        read_only=part.read_only,
        max_risk=part.max_risk,
    )
    named = part.tools is None or any(names_tool(pattern, tool) for pattern in part.tools)
    return policy.permits(tool) and named and not any(names_tool(one, tool) for one in part.exclude_tools)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _title(number: int, raw: object) -> str:
    name = cast("dict[str, Any]", raw).get("name") if isinstance(raw, dict) else None
    printable = isinstance(name, str) and name.isprintable() and 0 < len(name) <= 100  # noqa: PLR2004 - as the model has it
    return f"rule {number} ({name})" if printable else f"rule {number}"


def _warnings(
    rules: Sequence[Rule], reader: _RuleReader, credentials: _Credentials, surroundings: Surroundings
) -> Iterator[str]:
    for number, rule in enumerate(rules, 1):
        title = reader.title(number)
        if rule.match.holds_for_everybody and number < len(rules):
            yield f"{title} matches everybody, so the rules after it are never reached."
        if rule.match.takes_a_login and not surroundings.logins:
            yield (
                f"{title} can match nobody: organizations, roles, permissions and scopes come with"
                " MCP_AUTH_MODE=clerk."
            )
        strangers = rule.match.principals - (surroundings.principals or rule.match.principals) - {ANYBODY}
        if strangers:
            yield (
                f"{title} names principals that there are not: {', '.join(sorted(map(shown, strangers)))}."
                f" There are {', '.join(sorted(surroundings.principals or ()))}."
            )
        if rule.grant is not None and not rule.grant.policy.tools:
            yield f"{title} grants nothing that PORTKEY_TOOL_DOMAINS and MCP_READ_ONLY leave."
    for name in credentials.references:
        if name not in reader.used:
            yield f"credential {name} is used by no rule."
    if surroundings.caller_keys and CALLER not in reader.used:
        yield "MCP_ALLOW_CALLER_KEY has no effect: no rule says credential: caller."
