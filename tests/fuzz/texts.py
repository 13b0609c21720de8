"""Strings that are nearly right: pieces of a grammar, put together and then damaged."""

from __future__ import annotations

from hypothesis import strategies as st

_NOISE = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [b",", b";", b"=", b'"', b"\\", b" ", b"\t", b":", b"/", b"%00", b"\xff", b"..", b"*", b"\xc2\xa0"]
    ),
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole`, often with up to three places cut, doubled or replaced by noise."""
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(whole)))
        until = draw(st.integers(at, min(at + 8, len(whole))))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            whole = whole[:at] + whole[until:]
        elif kind == 1:
            whole = whole[:at] + draw(_NOISE) + whole[until:]
        elif kind == 2:
            whole = whole[:until] + whole[at:]
        else:
            whole = whole[:at] + draw(_NOISE) + whole[at:]
    return whole


def pieces(*texts: bytes, most: int = 6) -> st.SearchStrategy[bytes]:
    """A few of these texts, in any order, with noise among them, and then damaged."""
    some = st.sampled_from(texts)
    parts = st.lists(st.one_of(some, some, some, some, _NOISE), max_size=most)
    return parts.map(b"".join).flatmap(damaged)


def value(*whole: bytes) -> st.SearchStrategy[bytes]:
    """One of these values, damaged or not, without what no HTTP parser lets through."""
    return st.sampled_from(whole).flatmap(damaged).map(header_safe)


def header_safe(raw: bytes) -> bytes:
    """Leave out the characters that end a header or a request."""
    return raw.translate(None, b"\r\n\0").strip(b" \t")
