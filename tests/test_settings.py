from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.settings import Check, Problem, Settings, SettingsError, load_settings, render_problems
from app.settings.encryption_key import decode_key
from app.settings.model import LOCAL_ORIGINS, accepts_of, setting_fields
from app.settings.redis_address import RedisAddress

STRONG = "0123456789abcdef"


def problems_of(env: Mapping[str, str], *, domains: tuple[str, ...] = ()) -> dict[str, Problem]:
    with pytest.raises(SettingsError) as caught:
        load_settings(env, domains=domains)
    return {problem.variable: problem for problem in caught.value.problems}


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.transport) == ("127.0.0.1", 3000, "http")
    assert (settings.session_mode, settings.event_store_mode, settings.auth_mode) == (
        "stateless",
        "memory",
        "none",
    )
    assert settings.max_request_bytes == 1_048_576
    assert settings.allowed_origins == LOCAL_ORIGINS
    assert settings.warnings == ()


def test_the_process_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("MCP_PORT", "4001")
    assert load_settings({}).port == 3000
    assert Settings().port == 3000
    assert load_settings(dict(os.environ)).port == 4000


def test_settings_do_not_change() -> None:
    settings = load_settings({})
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ("PORT", "MCP_PORT", "port"),
        ("MCP_REDIS_URL", "REDIS_URL", "redis_url"),
        ("ALLOWED_ORIGINS", "CORS_ORIGIN", "allowed_origins"),
        ("PORTKEY_TOOL_DOMAINS", "MCP_TOOL_DOMAINS", "tool_domains"),
    ],
)
def test_the_first_of_two_names_wins_unless_it_is_blank(first: str, second: str, field: str) -> None:
    values = {
        "port": ("1", "2"),
        "redis_url": ("redis://a", "redis://b"),
        "allowed_origins": ("http://a", "http://b"),
    }
    one, two = values.get(field, ("users", "prompts"))
    by_one, by_two = load_settings({first: one}), load_settings({second: two})
    assert getattr(load_settings({first: one, second: two}), field) == getattr(by_one, field)
    assert getattr(load_settings({first: "  ", second: two}), field) == getattr(by_two, field)
    assert (by_one.variable(field), by_two.variable(field)) == (first, second)
    assert load_settings({}).variable(field) == first


def test_what_the_product_description_shows_is_accepted() -> None:
    settings = load_settings(
        {
            "PORTKEY_API_KEY": "your_key",
            "MCP_HOST": "0.0.0.0",  # noqa: S104
            "MCP_PORT": "3000",
            "MCP_SESSION_MODE": "stateful",
            "MCP_EVENT_STORE": "off",
            "MCP_AUTH_MODE": "bearer",
            "MCP_AUTH_TOKEN": "replace_with_long_random_secret",
            "MCP_TRUST_PROXY": "true",
            "MCP_READY_CHECK_MODE": "portkey",
            "ALLOWED_ORIGINS": "https://your-app-domain",
            "REDIS_URL": "redis://localhost:6379",
        }
    )
    assert settings.allowed_origins == ("https://your-app-domain",)
    placeholder, proxy = settings.warnings
    assert "placeholder of the documentation" in placeholder
    assert proxy.startswith("MCP_TRUST_PROXY=true is taken for 1")


def test_all_problems_come_at_once_under_the_names_that_were_used() -> None:
    problems = problems_of(
        {
            "MCP_PORT": "3000oops",
            "MCP_SESSION_MODE": "statefull",
            "MCP_HOST": "0.0.0.0",  # noqa: S104
            "MCP_EVENT_STORE": "redis",
            "MCP_TOOL_DOMAINS": "userz",
        },
        domains=("users", "prompts"),
    )
    assert list(problems) == ["MCP_PORT", "MCP_SESSION_MODE", "MCP_HOST", "MCP_REDIS_URL", "MCP_TOOL_DOMAINS"]
    assert problems["MCP_PORT"] == Problem("MCP_PORT", "3000oops", "Use a whole number from 1 to 65535.")
    assert problems["MCP_SESSION_MODE"].accepted == "Use stateless or stateful."
    assert "did you mean 'users'" in problems["MCP_TOOL_DOMAINS"].accepted


def test_every_choice_is_described_by_its_words() -> None:
    for _, field in setting_fields():
        for name in get_args(field.annotation):
            if isinstance(name, str):
                assert name in accepts_of(field).words


def test_every_choice_is_accepted_in_any_case() -> None:
    for name, field in setting_fields():
        for choice in (each for each in get_args(field.annotation) if isinstance(each, str)):
            settings = Settings.model_validate({name: choice.upper()})
            assert getattr(settings, name) == choice


@pytest.mark.parametrize(
    "text", ["3000oops", "2.5", "1000ms", "-1", "+1", "1_000", "0x10", "٣", "0", "65536", "9" * 5000]
)
def test_a_port_is_digits_within_bounds(text: str) -> None:
    assert list(problems_of({"PORT": text})) == ["PORT"]


def test_a_session_timeout_of_nothing_is_refused_with_the_reason() -> None:
    assert (
        "0 would end each session at once"
        in problems_of({"MCP_SESSION_TIMEOUT": "0"})["MCP_SESSION_TIMEOUT"].accepted
    )


@given(st.integers(min_value=1, max_value=2_147_483_647))
def test_every_number_within_bounds_is_read_as_it_is(number: int) -> None:
    assert load_settings({"MCP_SESSION_TIMEOUT": f" {number} "}).session_timeout_ms == number


@given(st.text() | st.integers(-9, 99_999).map(str))
def test_a_number_is_read_or_refused_but_never_misread(text: str) -> None:
    meant = text.strip()
    if not meant:
        assert load_settings({"PORT": text}).port == 3000
    elif re.fullmatch("[0-9]{1,15}", meant) and 1 <= int(meant) <= 65_535:
        assert load_settings({"PORT": text}).port == int(meant)
    else:
        assert list(problems_of({"PORT": text})) == ["PORT"]


@pytest.mark.parametrize("word", ["1", "true", "YES", " on "])
def test_words_for_yes(word: str) -> None:
    assert load_settings({"MCP_READ_ONLY": word}).read_only is True


@pytest.mark.parametrize("word", ["0", "False", "no", "off", "", "  "])
def test_words_for_no(word: str) -> None:
    assert load_settings({"MCP_READ_ONLY": word}).read_only is False


@pytest.mark.parametrize("word", ["maybe", "2", "truee"])
def test_other_words_for_a_flag_are_a_problem(word: str) -> None:
    assert problems_of({"MCP_READ_ONLY": word})["MCP_READ_ONLY"].given == word


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("1024", 1024),
        ("7b", 7),
        ("1kb", 1024),
        ("1KiB", 1024),
        ("1mb", 1_048_576),
        ("1MiB", 1_048_576),
        ("2 MB", 2_097_152),
        ("1gb", 1_073_741_824),
        ("1GiB", 1_073_741_824),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert load_settings({"MCP_MAX_REQUEST_SIZE": text}).max_request_bytes == size


@pytest.mark.parametrize("text", ["0", "0mb", "1M", "2k", "1.5mb", "-1", "mb", "1mbb", "1025gb", "9" * 40])
def test_sizes_that_could_be_misread_are_a_problem(text: str) -> None:
    assert list(problems_of({"MCP_MAX_REQUEST_SIZE": text})) == ["MCP_MAX_REQUEST_SIZE"]


@pytest.mark.parametrize(
    "text",
    [
        "mcp.example.com",
        "ftp://x",
        "https://",
        "https://x:99999",
        "https://x:0",
        "https://u:pw@x",
        "https://x/?a",
        "http://a b",
    ],
)
def test_a_public_url_must_be_plain(text: str) -> None:
    problems = problems_of({"MCP_PUBLIC_BASE_URL": text})
    assert "pw" not in render_problems(problems.values())


def test_a_public_url_keeps_its_path_and_loses_its_last_slash() -> None:
    assert load_settings({"MCP_PUBLIC_BASE_URL": "https://x.dev/a/"}).public_base_url == "https://x.dev/a"


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        ("https://a.dev/, http://[::1]:* ,,https://a.dev", ("https://a.dev", "http://[::1]:*")),
        (
            "chrome-extension://abcdef,http://localhost:5173",
            ("chrome-extension://abcdef", "http://localhost:5173"),
        ),
    ],
)
def test_origins(text: str, origins: tuple[str, ...]) -> None:
    assert load_settings({"ALLOWED_ORIGINS": text}).allowed_origins == origins


def test_a_list_of_no_origins_is_a_problem() -> None:
    assert list(problems_of({"CORS_ORIGIN": " , "})) == ["CORS_ORIGIN"]


def test_clerk_says_all_that_it_lacks() -> None:
    problems = problems_of({"MCP_AUTH_MODE": "clerk", "MCP_HOST": "0.0.0.0"})  # noqa: S104
    assert list(problems) == ["CLERK_ISSUER", "CLERK_AUDIENCE"]
    assert "https://clerk.example.com" in problems["CLERK_ISSUER"].accepted
    assert "CLERK_AUTHORIZED_PARTIES" in problems["CLERK_AUDIENCE"].accepted


def test_no_address_beyond_loopback_without_authentication() -> None:
    for host in ("0.0.0.0", "::", "10.0.0.1", "mcp.example.com"):  # noqa: S104
        accepted = problems_of({"MCP_HOST": host})["MCP_HOST"].accepted
        for way_out in ("MCP_AUTH_MODE=bearer", "MCP_HOST=127.0.0.1", "MCP_ALLOW_UNAUTHENTICATED_HTTP=true"):
            assert way_out in accepted
    for host in ("127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST.", "::1", "[::1]"):
        assert load_settings({"MCP_HOST": host}).host == host


def test_an_open_address_on_purpose_is_warned_about() -> None:
    settings = load_settings({"MCP_HOST": "0.0.0.0", "MCP_ALLOW_UNAUTHENTICATED_HTTP": "true"})  # noqa: S104
    assert any("Everybody who reaches 0.0.0.0 is an admin" in warning for warning in settings.warnings)


def test_only_the_caller_can_leave_out_the_checks_of_http() -> None:
    env = {"MCP_HOST": "0.0.0.0", "MCP_AUTH_MODE": "none", "MCP_EVENT_STORE": "redis"}  # noqa: S104
    assert load_settings(env, transport="stdio").transport == "stdio"
    assert {"MCP_HOST", "MCP_REDIS_URL"} == set(problems_of({**env, "MCP_TRANSPORT": "stdio"}))
    assert load_settings({"MCP_TRANSPORT": "stdio"}, transport="http").transport == "http"


def test_bearer_needs_a_token() -> None:
    accepted = problems_of({"MCP_AUTH_MODE": "bearer"})["MCP_AUTH_TOKEN"].accepted
    assert "MCP_AUTH_TOKEN_FILE" in accepted


def test_tokens_of_both_sources_add_up(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(b"\xef\xbb\xbf# old\n\n  token-of-the-file-1 \r\ntoken-in-both-places\n")
    settings = load_settings(
        {
            "MCP_AUTH_MODE": "bearer",
            "MCP_AUTH_TOKEN": "token-of-the-variable, token-in-both-places,",
            "MCP_AUTH_TOKEN_FILE": str(file),
        }
    )
    tokens = [token.get_secret_value() for token in settings.auth_tokens]
    assert tokens == ["token-of-the-variable", "token-in-both-places", "token-of-the-file-1"]
    assert settings.warnings == ()


@pytest.mark.parametrize("content", [b"", b"# none\n", b"two words\n", b"\xff\xfe", b"x" * 70_000])
def test_a_token_file_without_usable_tokens_is_a_problem(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(content)
    problems = problems_of({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN_FILE": str(file)})
    assert list(problems) == ["MCP_AUTH_TOKEN_FILE"]
    assert "one token a line" in problems["MCP_AUTH_TOKEN_FILE"].accepted


def test_files_that_cannot_be_read_are_problems_that_say_why(tmp_path: Path) -> None:
    problems = problems_of(
        {"MCP_AUTH_TOKEN_FILE": str(tmp_path / "absent"), "PORTKEY_API_KEY_FILE": str(tmp_path)}
    )
    assert "no such file or directory" in problems["MCP_AUTH_TOKEN_FILE"].accepted
    assert "is a directory" in problems["PORTKEY_API_KEY_FILE"].accepted


def test_the_key_comes_from_its_file_unless_the_variable_is_set(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("key-of-the-file\n")
    env = {"PORTKEY_API_KEY_FILE": str(file)}
    by_file = load_settings(env)
    assert by_file.portkey_api_key is not None
    assert by_file.portkey_api_key.get_secret_value() == "key-of-the-file"
    by_variable = load_settings({**env, "PORTKEY_API_KEY": "key-of-the-variable"})
    assert by_variable.portkey_api_key is not None
    assert by_variable.portkey_api_key.get_secret_value() == "key-of-the-variable"
    assert "PORTKEY_API_KEY_FILE has no effect" in by_variable.warnings[0]
    file.write_text("two\nlines")
    assert "Put the key alone" in problems_of(env)["PORTKEY_API_KEY_FILE"].accepted


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    secrets = {
        "PORTKEY_API_KEY": "pk secret-one",
        "MCP_AUTH_TOKEN": "secret two",
        "MCP_REDIS_URL": "http://:secret-three@host",
    }
    with pytest.raises(SettingsError) as caught:
        load_settings(secrets)
    assert len(caught.value.problems) == 3
    assert all(problem.given is None for problem in caught.value.problems)
    assert "secret" not in str(caught.value).lower()
    assert caught.value.__cause__ is None

    settings = load_settings(
        {
            "PORTKEY_API_KEY": "secret-one",
            "MCP_AUTH_TOKEN": "secret-two",
            "REDIS_URL": "rediss://u:secret%2Dthree@h:1/0",
        }
    )
    assert (
        "secret-"
        not in repr(settings) + str(settings) + " ".join(settings.warnings) + settings.model_dump_json()
    )
    assert settings.secret_values() == (
        "secret-two",
        "secret-one",
        "rediss://u:secret%2Dthree@h:1/0",
        "secret%2Dthree",
        "secret-three",
    )
    assert load_settings({"REDIS_URL": "redis://h"}).secret_values() == ("redis://h",)


def test_weak_tokens_are_warned_about() -> None:
    one = load_settings({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": f"short,{STRONG}"}).warnings
    two = load_settings({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": "short,brief"}).warnings
    assert one[0].startswith("A bearer token has fewer than 16 characters")
    assert two[0].startswith("2 bearer tokens have fewer")
    assert load_settings({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": STRONG}).warnings == ()


KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_choices_without_effect_are_warned_about() -> None:
    warnings = load_settings(
        {
            "MCP_AUTH_TOKEN": STRONG,
            "MCP_SESSION_STORE": "memory",
            "MCP_EVENT_ENCRYPTION_KEY": KEY,
            "CORS_ORIGIN": "*",
        }
    ).warnings
    assert len(warnings) == 4
    assert "MCP_AUTH_MODE is none" in warnings[0]
    assert "there are no sessions" in warnings[1]
    assert "neither sessions nor events are kept in Redis" in warnings[2]
    assert warnings[3].startswith("CORS_ORIGIN=*")
    assert load_settings({"MCP_SESSION_STORE": "memory", "MCP_SESSION_MODE": "stateful"}).warnings == ()


def test_sessions_are_in_redis_when_there_is_one_and_events_where_the_mode_wants_them() -> None:
    stateful = {"MCP_SESSION_MODE": "stateful"}
    redis = {"MCP_REDIS_URL": "redis://localhost"}
    modes = [
        (settings.session_store_mode, settings.event_store_mode)
        for settings in map(load_settings, ({}, stateful, stateful | redis, redis))
    ]
    assert modes == [("memory", "memory"), ("memory", "off"), ("redis", "off"), ("redis", "memory")]
    needs = problems_of({"MCP_SESSION_STORE": "redis", "MCP_EVENT_STORE": "redis"})["MCP_REDIS_URL"]
    assert needs.accepted.startswith("MCP_EVENT_STORE=redis and MCP_SESSION_STORE=redis need a Redis.")


def test_a_redis_on_another_machine_wants_tls_and_a_key() -> None:
    shared = {"MCP_SESSION_MODE": "stateful"}
    plain = load_settings(shared | {"MCP_REDIS_URL": "redis://r.example"}).warnings
    assert ["in the clear" in plain[0], "MCP_EVENT_ENCRYPTION_KEY" in plain[1]] == [True, True]
    safe = {"MCP_REDIS_URL": "rediss://r.example", "MCP_EVENT_ENCRYPTION_KEY": KEY}
    assert load_settings(shared | safe).warnings == ()
    assert load_settings(shared | {"MCP_REDIS_URL": "redis://127.0.0.1"}).warnings == ()
    assert KEY in load_settings(shared | safe).secret_values()


@pytest.mark.parametrize(
    "key", [KEY, KEY.rstrip("="), "-_" + KEY[2:], "0f" * 32, f"{KEY},{'A' * 42}E="], ids=range(5)
)
def test_encryption_keys_are_32_bytes_in_any_usual_form(key: str) -> None:
    settings = load_settings(
        {"MCP_EVENT_ENCRYPTION_KEY": key, "MCP_EVENT_STORE": "redis", "REDIS_URL": "redis://localhost"}
    )
    lengths = [len(decode_key(one.get_secret_value())) for one in settings.event_encryption_keys]
    assert lengths == [32] * len(key.split(","))


@pytest.mark.parametrize("key", ["short", "A" * 40 + "=", "A" * 44, "0g" * 32, "A" * 86, f"{KEY},x"])
def test_other_encryption_keys_are_refused_without_showing_them(key: str) -> None:
    problem = problems_of({"MCP_EVENT_ENCRYPTION_KEY": key})["MCP_EVENT_ENCRYPTION_KEY"]
    assert "openssl rand -base64 32" in problem.accepted
    assert key not in str(problem)


@pytest.mark.parametrize(
    ("url", "topology", "hosts", "master", "database"),
    [
        ("redis://h", "single", (("h", 6379),), "", 0),
        ("rediss://u:p%40@[::1]:1/2", "single", (("::1", 1),), "", 2),
        ("redis+sentinel://:p@a:1,b/main/3", "sentinel", (("a", 1), ("b", 26379)), "main", 3),
        ("redis+cluster://a,b:7/0", "cluster", (("a", 6379), ("b", 7)), "", 0),
    ],
)
def test_redis_may_be_a_server_sentinels_or_a_cluster(
    url: str, topology: str, hosts: object, master: str, database: int
) -> None:
    address = RedisAddress.parse(url)
    assert (address.topology, address.hosts) == (topology, hosts)
    assert (address.master, address.database) == (master, database)
    load_settings({"MCP_REDIS_URL": url})


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "redis://",
        "redis://h:0",
        "redis://a,b",
        "redis://h/x",
        "redis+sentinel://a",
        "redis+sentinel://a/m/0/1",
        "redis+cluster://a/1",
        "redis+cluster://,",
    ],
)
def test_other_redis_urls_are_refused(url: str) -> None:
    assert "Sentinels" in problems_of({"MCP_REDIS_URL": url})["MCP_REDIS_URL"].accepted


def test_misspelt_variables_are_warned_about_with_the_nearest_name() -> None:
    warnings = load_settings(
        {
            "MCP_SESION_MODE": "stateful",
            "MCP_FLAVOUR_OF_THE_DAY": "hidden-value",
            "MCP_BLANK": " ",
            "MCP_TEST_BASE_URL": "http://x",
            "HOME": "/root",
        }
    ).warnings
    assert warnings == (
        "MCP_FLAVOUR_OF_THE_DAY is not a setting.",
        "MCP_SESION_MODE is not a setting; did you mean MCP_SESSION_MODE?",
    )


def test_what_kubernetes_adds_for_a_service_named_like_us_is_no_noise() -> None:
    links = {
        "MCP_SERVICE_HOST": "10.0.0.1",
        "MCP_SERVICE_PORT": "3000",
        "MCP_SERVICE_PORT_HTTP": "3000",
        "MCP_PORT_3000_TCP": "tcp://10.0.0.1:3000",
        "MCP_PORT_3000_TCP_ADDR": "10.0.0.1",
        "PORTKEY_PORT": "tcp://10.0.0.2:80",
    }
    assert load_settings(links).warnings == ()
    assert "enableServiceLinks" in problems_of({"MCP_PORT": "tcp://10.0.0.1:3000"})["MCP_PORT"].accepted


def test_tool_domains_are_names_that_exist() -> None:
    known = ("mcp-integrations", "prompts", "users")
    assert load_settings({"MCP_TOOL_DOMAINS": " Users,prompts,,users"}, domains=known).tool_domains == (
        "users",
        "prompts",
    )
    accepted = problems_of({"PORTKEY_TOOL_DOMAINS": "mcpIntegrations,zzz"}, domains=known)[
        "PORTKEY_TOOL_DOMAINS"
    ].accepted
    assert "mcp-integrations, prompts, users" in accepted
    assert "'mcpintegrations' is not one (did you mean 'mcp-integrations'?); 'zzz' is not one." in accepted
    assert list(problems_of({"PORTKEY_TOOL_DOMAINS": ", ,"})) == ["PORTKEY_TOOL_DOMAINS"]


@pytest.mark.parametrize(
    ("env", "form"),
    [
        ({}, "auto"),
        ({"NODE_ENV": "Production"}, "json"),
        ({"ENVIRONMENT": "production", "NODE_ENV": "development"}, "json"),
        ({"NODE_ENV": "production", "LOG_FORMAT": "console"}, "console"),
    ],
)
def test_production_logs_json_unless_told_otherwise(env: dict[str, str], form: str) -> None:
    assert load_settings(env).log_format == form


def test_warn_is_warning() -> None:
    assert load_settings({"LOG_LEVEL": "WARN"}).log_level == "warning"
    assert list(problems_of({"LOG_LEVEL": "loud"})) == ["LOG_LEVEL"]


def test_problems_of_other_checks_join_the_report() -> None:
    def base_url(settings: Settings) -> list[Problem]:
        return [Problem(settings.variable("portkey_base_url"), settings.portkey_base_url, "Use another.")]

    check = Check(("portkey_base_url", "portkey_allow_insecure_http"), base_url)
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORT": "x"}, checks=[check])
    assert [problem.variable for problem in caught.value.problems] == ["PORT", "PORTKEY_BASE_URL"]
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORTKEY_ALLOW_INSECURE_HTTP": "x"}, checks=[check])
    assert [problem.variable for problem in caught.value.problems] == ["PORTKEY_ALLOW_INSECURE_HTTP"]


def test_the_report_is_safe_to_print() -> None:
    report = SettingsError(
        [
            Problem("A", "x\x1b[31m\nnew", "Use one."),
            Problem("B", "y" * 500, "Use two."),
            Problem("C", "https://user:pw@host", "Use three."),
        ]
    ).report()
    assert report.startswith("The configuration has 3 problems:")
    assert report.count("\n") == 11
    assert "\x1b" not in report
    assert "pw" not in report
    assert max(map(len, report.splitlines())) < 100
    assert render_problems([Problem("A", None, "Use one.")]).startswith("The configuration has one problem:")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (("MCP_TLS_KEY_PATH",), {"MCP_TLS_CERT_PATH"}),
        (("MCP_TLS_CERT_PATH",), {"MCP_TLS_KEY_PATH"}),
        (("MCP_TLS_CERT_PATH", "MCP_TLS_CA_PATH"), {"MCP_TLS_KEY_PATH"}),
        (("MCP_TLS_CA_PATH",), {"MCP_TLS_CERT_PATH", "MCP_TLS_KEY_PATH"}),
    ],
)
def test_tls_needs_a_certificate_and_its_key(given: tuple[str, ...], missing: set[str]) -> None:
    problems = problems_of(dict.fromkeys(given, "/run/secrets/file"))
    assert set(problems) == missing
    for problem in problems.values():
        assert all(name in problem.accepted for name in given)


def test_a_public_address_of_plain_http_is_a_warning_with_tls() -> None:
    tls = {"MCP_TLS_CERT_PATH": "/a", "MCP_TLS_KEY_PATH": "/b"}
    (warning,) = load_settings(tls | {"MCP_PUBLIC_BASE_URL": "http://mcp.example.com"}).warnings
    assert "MCP_PUBLIC_BASE_URL begins with http:" in warning
    assert load_settings(tls | {"MCP_PUBLIC_BASE_URL": "https://mcp.example.com"}).warnings == ()
