"""The command line, as a person at a shell meets it. Serving itself is tested in end_to_end."""

from __future__ import annotations

import pytest

from app import __version__
from app.catalog.registry import load_tools
from app.cli import DONE, WRONG_SETTINGS, main


def test_check_config_says_what_would_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config"], {"MCP_PORT": "4000"}) == DONE
    out = capsys.readouterr().out
    assert "the embedded sandbox on 127.0.0.1:4000" in out
    assert "authentication none" in out


def test_check_config_names_the_portkey_it_would_reach_and_not_the_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    env = {"PORTKEY_API_KEY": "pk-live-0123456789", "PORTKEY_BASE_URL": "https://portkey.example.com/v1"}
    assert main(["check-config"], env) == DONE
    out = capsys.readouterr().out
    assert "Portkey at https://portkey.example.com/v1" in out
    assert "pk-live" not in out


def test_check_config_reports_problems_of_every_room_together(capsys: pytest.CaptureFixture[str]) -> None:
    env = {
        "MCP_PORT": "3000oops",
        "PORTKEY_BASE_URL": "http://10.0.0.1/v1",
        "ALLOWED_ORIGINS": "https://exa mple",
        "SANDBOX_FAULT": "explode",
        "PORTKEY_TOOL_DOMAINS": "workspaces,promts",
    }
    assert main(["check-config"], env) == WRONG_SETTINGS
    report = capsys.readouterr().err
    for variable in env:
        assert variable in report
    assert "prompts" in report
    assert "Traceback" not in report


def test_check_config_shows_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config"], {"MCP_SESION_MODE": "stateful"}) == DONE
    assert "did you mean MCP_SESSION_MODE" in capsys.readouterr().out


def test_check_config_for_stdio_leaves_http_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config"], {"MCP_TRANSPORT": "stdio", "MCP_HOST": "0.0.0.0"}) == DONE  # noqa: S104
    assert "over stdio" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["http", "stdio", "sandbox", "check-config"])
def test_every_command_refuses_wrong_settings_with_the_same_report(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command], {"PORTKEY_TIMEOUT_MS": "soon", "SANDBOX_PORT": "none"}) == WRONG_SETTINGS
    report = capsys.readouterr().err
    assert "PORTKEY_TIMEOUT_MS" in report
    assert "SANDBOX_PORT" in report


def test_a_proxy_that_cannot_be_used_is_a_settings_problem(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    assert main(["http"], {"PORTKEY_API_KEY": "pk-0123456789", "MCP_PORT": "3998"}) == WRONG_SETTINGS
    assert "HTTPS_PROXY" in capsys.readouterr().err


def test_catalog_lists_every_tool_with_its_risk(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog"], {}) == DONE
    out = capsys.readouterr().out
    for tool in load_tools():
        assert any(tool.name in line and tool.risk in line for line in out.splitlines()), tool.name


def test_smoke_refuses_a_wrong_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smoke"], {"MCP_TEST_BASE_URL": "nowhere"}) == WRONG_SETTINGS
    assert "MCP_TEST_BASE_URL" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"], {})
    assert __version__ in capsys.readouterr().out


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve"], {})
    assert "check-config" in capsys.readouterr().err
