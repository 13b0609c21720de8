from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portkey.in_process import InProcessTransport, Message, Receive, Send
from app.portkey.network import NetworkTransport
from app.portkey.urls import (
    BadPathParameter,
    BadQueryParameter,
    BaseUrl,
    encode_path_parameter,
    encode_query,
)
from tests.portkey.servers import answer, request, wire_server

TEMPLATE = "/workspaces/{workspace_id}/users/{user_id}"
HOSTILE = st.lists(
    st.sampled_from(
        [".", "..", "/", "\\", "%", "%2e", "%2E", "%2f", "%5c", "%25", "25", "2e", "?", "#", "a", " "]
    ),
    max_size=8,
).map("".join)
VALUES = st.one_of(st.text(max_size=30), HOSTILE)


def parse(text: str, *, allow_private: bool = False, allow_http: bool = False) -> BaseUrl:
    return BaseUrl.parse(text, allow_private=allow_private, allow_http=allow_http)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.portkey.ai/v1", "https://api.portkey.ai/v1"),
        (" https://api.portkey.ai/v1/// ", "https://api.portkey.ai/v1"),
        ("HTTPS://API.Portkey.AI:8443/V1", "https://api.portkey.ai:8443/V1"),
        ("https://gateway.internal", "https://gateway.internal"),
        ("https://8.8.8.8/v1", "https://8.8.8.8/v1"),
        ("https://[2606:4700::1]:443/v1", "https://[2606:4700::1]:443/v1"),
        ("https://[::ffff:8.8.8.8]/v1", "https://[::ffff:8.8.8.8]/v1"),
        ("https://10.example.com/v1", "https://10.example.com/v1"),
    ],
)
def test_public_https_addresses_are_accepted(text: str, expected: str) -> None:
    assert str(parse(text)) == expected


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "portkey.localhost",
        "ip6-localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104 - data, not an address to bind to
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_private_hosts_need_the_flag(host: str) -> None:
    with pytest.raises(ValueError, match="PORTKEY_ALLOW_PRIVATE_BASE_URL=true"):
        parse(f"https://{host}/v1")
    assert parse(f"https://{host}/v1", allow_private=True).v1 == f"https://{host.lower()}/v1"


def test_http_needs_the_flag() -> None:
    with pytest.raises(ValueError, match="PORTKEY_ALLOW_INSECURE_HTTP=true"):
        parse("http://api.portkey.ai/v1")
    assert parse("http://api.portkey.ai/v1", allow_http=True).v1 == "http://api.portkey.ai/v1"


def test_private_http_names_both_flags_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"PORTKEY_ALLOW_PRIVATE_BASE_URL=true.*PORTKEY_ALLOW_INSECURE_HTTP=true"
    ):
        parse("http://localhost:8080/v1")
    parse("http://localhost:8080/v1", allow_private=True, allow_http=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "api.portkey.ai/v1",
        "ftp://api.portkey.ai",
        "https://",
        "https:///v1",
        "https://a:99999/v1",
        "https://a:0/v1",
        "https://a:b/v1",
        "https://user:hunter2@a/v1",
        "https://hunter2@a/v1",
        "https://a/v1?x=hunter2",
        "https://a/v1?",
        "https://a/v1#",
        "https://a/../v1",
        "https://a/./v1",
        "https://a//v1",
        "https://a/%2e%2e/v1",
        "https://a\\@b/v1",
        "https://a/v 1",
        "https://a/v1\n",
        "https://a\tb/v1",
        "https://bücher.example/v1",
        "https://a..b/v1",
        "https://-a/v1",
        "https://a%2eb/v1",
        "https://" + "a." * 130 + "b/v1",
        "https://256.1.1.1/v1",
        "https://1.2.3.4.5/v1",
        "https://[::1/v1",
        "https://[::1]x/v1",
        "https://[fe80::1%25eth0]/v1",
        "https://[v1.x]/v1",
        "https://[1:2]/v1",
    ],
)
def test_malformed_addresses_are_refused_without_showing_secrets(text: str) -> None:
    with pytest.raises(ValueError, match=r"^PORTKEY_BASE_URL .*\.$") as caught:
        parse(text, allow_private=True, allow_http=True)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40).map("https://{}".format))
def test_any_text_is_accepted_as_a_plain_url_or_refused_with_a_sentence(text: str) -> None:
    refusal = ""
    base = None
    try:
        base = parse(text)
    except ValueError as error:
        refusal = str(error)
    if base is None:
        assert refusal.startswith("PORTKEY_BASE_URL ")
        return
    parts = urlsplit(base.v1)
    assert (parts.query, parts.fragment, parts.username) == ("", "", None)
    assert not base.v1.endswith("/")


def test_the_three_bases() -> None:
    base = parse("https://gw.example.com/api/v1/")
    assert base.build("v1", "/users", {}, ()) == "https://gw.example.com/api/v1/users"
    assert base.build("v2", "/users", {}, ()) == "https://gw.example.com/api/v2/users"
    assert base.build("public", "/model-configs", {}, ()) == "https://api.portkey.ai/model-configs"


def test_v2_is_the_same_base_when_it_does_not_end_in_v1() -> None:
    assert parse("https://gw.example.com/api").v2 == "https://gw.example.com/api"


def test_public_base_can_be_replaced() -> None:
    base = BaseUrl.parse("https://a/v1", allow_private=False, allow_http=False, public="http://sandbox")
    assert base.build("public", "/x", {}, ()) == "http://sandbox/x"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ".",
        "..",
        " .. ",
        "%2e",
        "%2E%2e",
        ".%2e",
        "%252e%252e",
        "%2525252e.",
        "../users",
        "a/../b",
        "a/..",
        "..\\a",
        "..%2fa",
        "a%5c..",
        "%20",
        "a\nb",
        "a\x00",
        "a%00",
        "a%250ab",
        "a\x85",
        "\ud800",
        "x" * 1025,
    ],
)
def test_unsafe_path_parameters_are_refused_by_name_without_the_value(value: str) -> None:
    with pytest.raises(BadPathParameter) as caught:
        encode_path_parameter("workspace_id", value)
    assert caught.value.name == "workspace_id"
    assert str(caught.value).startswith("workspace_id ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("ws-my_team-1", "ws-my_team-1"),
        ("gpt-4.1", "gpt-4.1"),
        ("...", "..."),
        ("meta/llama 3", "meta%2Fllama%203"),
        ("@openai?x#y", "%40openai%3Fx%23y"),
        ("ключ", quote("ключ")),
        ("100%", "100%25"),
        ("a+b&c", "a%2Bb%26c"),
    ],
)
def test_path_parameters_are_percent_encoded(value: str, encoded: str) -> None:
    assert encode_path_parameter("id", value) == encoded


def test_missing_path_parameter_is_named() -> None:
    with pytest.raises(BadPathParameter, match="user_id is missing"):
        parse("https://a/v1").build("v1", TEMPLATE, {"workspace_id": "w"}, ())


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))), max_size=5
    )
)
def test_query_arrives_as_given(query: list[tuple[str, str]]) -> None:
    encoded = encode_query(query)
    assert parse_qsl(encoded, keep_blank_values=True) == query
    assert "+" not in encoded


def test_query_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(BadQueryParameter):
        encode_query([("name", "\ud800")])


@given(VALUES, VALUES)
def test_a_value_fills_exactly_one_segment_or_is_refused(first: str, second: str) -> None:
    base = parse("https://a/v1")
    try:
        url = base.build("v1", TEMPLATE, {"workspace_id": first, "user_id": second}, ())
    except BadPathParameter:
        return
    path = urlsplit(url).path
    segments = path.split("/")
    assert [*segments[:3], segments[4]] == ["", "v1", "workspaces", "users"]
    assert [unquote(segments[3]), unquote(segments[5])] == [first, second]
    assert len(segments) == 6
    decoded = path
    while True:
        assert not {".", ".."} & set(decoded.replace("\\", "/").split("/"))
        if decoded == (decoded := unquote(decoded)):
            break


AWKWARD = ["a.b", "...", "a/b", "a\\b", "%41", "é", "?", "#", ";", "~", "a b", "100%", "\u202e", "*"]


async def test_server_sees_the_segments_of_the_template() -> None:
    transport = NetworkTransport(trust_env=False)
    async with wire_server(answer()) as server:
        base = parse(f"{server.origin}/v1", allow_private=True, allow_http=True)
        for value in AWKWARD:
            url = base.build("v1", TEMPLATE, {"workspace_id": value, "user_id": "u"}, [("q", "a b")])
            await transport.send(request(url))
    await transport.aclose()
    expected = [f"/v1/workspaces/{quote(value, safe='')}/users/u?q=a%20b" for value in AWKWARD]
    assert [received.target for received in server.requests] == expected


async def test_application_in_process_sees_the_segments_of_the_template() -> None:
    seen: list[str] = []

    async def app(scope: Message, _receive: Receive, send: Send) -> None:
        seen.append(scope["raw_path"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    base = parse("http://sandbox/v1", allow_http=True)
    for value in AWKWARD:
        url = base.build("v1", TEMPLATE, {"workspace_id": value, "user_id": "u"}, ())
        await InProcessTransport(app).send(request(url))
    assert seen == [f"/v1/workspaces/{quote(value, safe='')}/users/u" for value in AWKWARD]
