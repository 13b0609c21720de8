from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.templates import parse_messages, render_messages, render_text, variable_names

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text().filter(lambda text: "{" not in text and "}" not in text)


@given(PLAIN)
def test_text_without_variables_is_kept(text: str) -> None:
    assert render_text(text, {"x": "y"}) == text
    assert variable_names(text) == []


@given(st.lists(st.tuples(PLAIN, NAMES)), PLAIN, st.dictionaries(NAMES, st.text()))
def test_each_variable_becomes_its_value_and_values_are_no_templates(
    parts: list[tuple[str, str]], end: str, values: dict[str, str]
) -> None:
    template = "".join(f"{text}{{{{ {name} }}}}" for text, name in parts) + end
    expected = "".join(text + values.get(name, "") for text, name in parts) + end
    assert render_text(template, dict(values)) == expected
    assert variable_names(template) == sorted({name for _, name in parts})


@given(st.text(), st.text())
def test_a_value_cannot_break_out_of_a_json_template(content: str, value: str) -> None:
    template = json.dumps([{"role": "user", "content": "{{x}}", "name": content.replace("{", "")}])
    (message,) = render_messages(template, {"x": value})
    assert message["content"] == value
    assert message["role"] == "user"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (3, "3"), (0.5, "0.5"), (None, ""), (["ä"], '["ä"]'), ({"a": 1}, '{"a": 1}')],
)
def test_values_that_are_no_strings_are_written_as_json(value: object, text: str) -> None:
    assert render_text("{{x}}", {"x": value}) == text  # type: ignore[dict-item]


def test_variables_inside_parts_of_a_message_are_filled_in() -> None:
    template = '[{"role":"user","content":[{"type":"text","text":"Hi {{who}}"},{"n":1}]}]'
    assert render_messages(template, {"who": "Ana"}) == [
        {"role": "user", "content": [{"type": "text", "text": "Hi Ana"}, {"n": 1}]}
    ]


@pytest.mark.parametrize(
    "template", ["plain", "[]", "[1]", '[{"content":"no role"}]', '{"role":"user"}', "[" * 100_000]
)
def test_everything_else_is_plain_text(template: str) -> None:
    assert parse_messages(template) is None
    assert render_messages(template, {}) == [{"role": "user", "content": template}]


def test_braces_that_are_no_variables_are_kept() -> None:
    assert (
        render_text('{"a": {{x}}} {{ 1x }} {{}} {{> part}}', {"x": 1}) == '{"a": 1} {{ 1x }} {{}} {{> part}}'
    )
