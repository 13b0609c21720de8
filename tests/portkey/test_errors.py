from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portkey.credential import BadCredential, Credential
from app.portkey.error_body import MAX_MESSAGE, read_error_body
from app.portkey.errors import PortkeyError
from app.portkey.failures import from_response, from_transport
from app.portkey.json_types import decode_json, encode_json
from app.portkey.retry import MAX_RETRY_AFTER, retry_after
from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpResponse,
    ResponseTooLarge,
    TransportError,
)

KEY = "pk-admin-0123456789/+="
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "data", "message", "code", "errorCode", "detail", "success"]), inner
        )
    ),
    max_leaves=12,
)


def refusal(
    status: int, body: object = None, *, write: bool = False, wait: float | None = None
) -> PortkeyError:
    content = b"" if body is None else orjson.dumps(body)
    response = HttpResponse(status, {"x-portkey-trace-id": "t1"}, content)
    return from_response(response, write=write, secret=KEY, retry_after=wait)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"success": False, "error": {"message": "no", "code": "AB01"}}, "no", "AB01"),
        ({"error": {"message": "no", "code": None, "type": "t", "param": None}}, "no", None),
        ({"error": "no such model"}, "no such model", None),
        ({"error": "no", "code": "AB02"}, "no", "AB02"),
        ({"success": False, "data": {"message": "no", "errorCode": "AB05"}}, "no", "AB05"),
        ({"message": "no", "code": "AB07"}, "no", "AB07"),
        ({"message": "no", "errorCode": "AB07", "code": "other"}, "no", "AB07"),
        ({"error": {"message": ["a", "b", 3]}}, "a; b", None),
        ({"error": {"code": 401}, "message": "no"}, "no", "401"),
        ({"error": {"detail": "no"}}, "no", None),
        ({"error": None, "data": None, "message": "no"}, "no", None),
        ({"error": {"code": True, "errorCode": "not a code"}}, "", None),
        (["no", {"message": "more"}], "no; more", None),
        ("just text", "just text", None),
        (None, "", None),
        (17, "", None),
    ],
)
def test_every_form_of_portkey_error_is_read(body: object, message: str, code: str | None) -> None:
    detail = read_error_body(orjson.dumps(body), secret=None)
    assert (detail.message, detail.code) == (message, code)


def test_plain_text_is_kept_and_html_is_not() -> None:
    assert read_error_body(b"upstream\r\nreset", secret=None).message == "upstream reset"
    assert read_error_body(b"<html><h1>502</h1></html>", secret=None).message == ""
    assert read_error_body(b"\xff\xfe", secret=None).message == "\ufffd\ufffd"


def test_long_messages_are_cut() -> None:
    message = read_error_body(orjson.dumps({"message": "x" * 50_000}), secret=None).message
    assert len(message) == MAX_MESSAGE
    assert message.endswith("…")


@given(st.one_of(JSON.map(orjson.dumps), st.binary()))
def test_any_error_body_gives_a_bounded_single_line(body: bytes) -> None:
    error = from_response(HttpResponse(400, {}, body), write=True, secret=KEY, retry_after=None)
    assert len(error.message) < MAX_MESSAGE + 200
    assert "\n" not in error.message
    assert error.status == 400


@given(
    st.text(),
    st.text(),
    st.sampled_from(["error", "data", "message"]),
    st.sampled_from([KEY, "pk-admin-0123456789%2F%2B%3D"]),
)
def test_the_key_never_reappears(before: str, after: str, where: str, spelling: str) -> None:
    text = before.replace("\ud800", "") + spelling + after
    body = {where: text if where == "message" else {"message": text, "code": spelling}}
    response = HttpResponse(500, {"x-request-id": text}, orjson.dumps(body, default=str))
    error = from_response(response, write=False, secret=KEY, retry_after=None)
    shown = f"{error.message} {error.next_step} {error.request_id} {error.code} {error!r}"
    assert KEY not in shown
    assert "pk-admin-0123456789%2F%2B%3D" not in shown


@pytest.mark.parametrize(
    ("status", "code", "says", "next_step"),
    [
        (400, "AB01", "rejected the request (400 AB01): why", "Correct"),
        (401, "AB05", "did not accept the API key (401 AB05)", "PORTKEY_API_KEY"),
        (402, "AB09", "plan", "plan"),
        (403, "AB03", "lacks a scope", "scope"),
        (403, None, "does not allow", "Enterprise"),
        (404, "AB02", "found nothing", "list the resources"),
        (405, None, "does not offer", "PORTKEY_BASE_URL"),
        (409, "AB07", "conflicts", "Read the current state"),
        (413, None, "too large", "Send less"),
        (418, None, "did not carry out", "Read the message"),
        (422, None, "rejected the request (422): why", "Correct"),
        (302, None, "redirect", "PORTKEY_BASE_URL"),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_refusals_say_what_to_do_and_are_final(
    status: int, code: str | None, says: str, next_step: str, *, write: bool
) -> None:
    error = refusal(status, {"error": {"message": "why", "code": code}}, write=write)
    assert says in error.message
    assert next_step in error.next_step
    assert (error.status, error.code, error.request_id) == (status, code, "t1")
    assert not error.retryable
    assert not error.may_have_applied


def test_rate_limit_tells_how_long_to_wait() -> None:
    error = refusal(429, wait=120)
    assert error.message == "Portkey is limiting requests (429)."
    assert error.next_step == "Wait 120 s, then call again."
    assert (error.retryable, error.retry_after) == (True, 120)
    assert "Wait" in refusal(429).next_step


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_trouble_may_be_repeated_for_reads_but_writes_are_checked_first(status: int) -> None:
    read, write = refusal(status), refusal(status, write=True)
    assert (read.retryable, read.may_have_applied) == (True, False)
    assert (write.retryable, write.may_have_applied) == (False, True)
    assert "Check before repeating" in write.message


def test_see_other_after_a_write_may_have_applied() -> None:
    assert refusal(303, write=True).may_have_applied


def test_not_implemented_is_not_worth_repeating() -> None:
    assert not refusal(501).retryable


@pytest.mark.parametrize(
    ("failure", "says", "read_retryable"),
    [
        (
            ConnectFailed("the connection was refused"),
            "could not be reached: the connection was refused",
            True,
        ),
        (DeadlineExceeded("late", sent=False), "nothing was sent", True),
        (ConnectionLost("gone"), "lost", True),
        (DeadlineExceeded("late", sent=True), "within 30 s", True),
        (ResponseTooLarge(1_000_000, status=200), "1,000,000 bytes", False),
    ],
)
def test_transport_failures_are_explained(
    failure: TransportError, says: str, *, read_retryable: bool
) -> None:
    read = from_transport(failure, write=False, timeout=30)
    write = from_transport(failure, write=True, timeout=30)
    assert says in read.message
    assert read.status is None
    assert (read.retryable, read.may_have_applied) == (read_retryable, False)
    assert (write.retryable, write.may_have_applied) == (not failure.sent, failure.sent)
    assert ("Check before repeating" in write.message) is failure.sent


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2", 2.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("999999999", MAX_RETRY_AFTER),
        ("Fri, 01 May 2026 12:00:30 GMT", 30.0),
        ("Friday, 01-May-26 12:00:30 GMT", 30.0),
        ("Fri, 01 May 2026 12:00:30 -0000", 30.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        ("Fri, 01 May 2099 11:00:00 GMT", MAX_RETRY_AFTER),
        ("Fri, 99 May 2026 11:00:00 GMT", None),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
        ("x" * 1000, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == expected


def test_no_retry_after() -> None:
    assert retry_after({}, NOW) is None


@given(st.text(max_size=60))
def test_any_retry_after_is_bounded_or_ignored(value: str) -> None:
    wait = retry_after({"retry-after": value}, NOW)
    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER


@given(st.integers(1, 80_000))
def test_http_dates_are_understood(ahead: int) -> None:
    header = format_datetime(NOW + timedelta(seconds=ahead), usegmt=True)
    assert retry_after({"retry-after": header}, NOW) == ahead


def test_credential_is_masked_everywhere() -> None:
    credential = Credential(KEY)
    assert KEY not in f"{credential} {credential!r} {[credential]}"
    assert credential.header_value == KEY


@pytest.mark.parametrize(
    "key", ["", " pk", "pk ", "pk\n", "p\x00k", "p\x7fk", "p\x85k", "pké", "ключ", "pk\ud800"]
)
def test_unusable_keys_are_refused_without_showing_them(key: str) -> None:
    with pytest.raises(BadCredential) as caught:
        _ = Credential(key).header_value
    assert not key.strip() or key.strip() not in str(caught.value)


@given(JSON)
def test_json_survives_encoding(value: object) -> None:
    assert decode_json(encode_json({"message": value})) == {"message": value}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), [{"a": float("-inf")}], 2**70, "\ud800", object()]
)
def test_what_json_cannot_carry_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="the body"):
        encode_json({"limit": bad})  # type: ignore[dict-item]


def test_endless_nesting_is_refused() -> None:
    value: list[object] = []
    for _ in range(2000):
        value = [value]
    with pytest.raises(ValueError, match="the body"):
        encode_json(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"", None),
        (b" \r\n", None),
        (b"null", None),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b"OK", "OK"),
        (b"NaN", "NaN"),
        (b"[" * 5000, "[" * 5000),
    ],
)
def test_answers_that_are_no_json_are_kept_as_text(body: bytes, data: object) -> None:
    assert decode_json(body) == data
