from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from app.catalog.registry import load_tools
from app.catalog.tool import Endpoint, Risk, Tool


def _tool(name: str, domain: str) -> Tool:
    return Tool(name=name, domain=domain, summary="s", risk=Risk.READ, call=Endpoint("GET", "/"))


def _declare(monkeypatch: pytest.MonkeyPatch, domain: str, *tools: Tool) -> None:
    module = ModuleType(f"app.catalog.tools.{domain}")
    monkeypatch.setattr(module, "TOOLS", tools, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_tools_come_in_the_order_of_the_domains_asked_for() -> None:
    domains = [tool.domain for tool in load_tools(("prompts", "configs"))]
    assert domains == sorted(domains, reverse=True)


def test_a_tool_stands_in_the_module_of_its_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, "alpha", _tool("stray", "beta"))
    with pytest.raises(ValueError, match="module of alpha, but of another domain: stray"):
        load_tools(("alpha",))


def test_no_two_tools_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, "alpha", _tool("twin", "alpha"))
    _declare(monkeypatch, "beta_two", _tool("twin", "beta-two"))
    with pytest.raises(ValueError, match="declared twice: twin"):
        load_tools(("alpha", "beta-two"))


def test_listing_the_tools_builds_no_input_model() -> None:
    script = """
from app.catalog.registry import load_tools
from app.catalog.snapshot import read
from app.catalog.toolbox import Selection
from app.auth.policy import ALLOW_ALL
tools = load_tools()
selection = Selection(tools, read())
assert len(selection.tools) == len(tools)
print([tool.name for tool in tools if tool.inputs.__pydantic_complete__ and tool.inputs.model_fields])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
