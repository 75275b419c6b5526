"""Multipart bodies as parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.normalise.multipart import MOST_PARTS, parse


def body(*parts: bytes, boundary: bytes = b"b") -> bytes:
    """A multipart body of these parts."""
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


FIELD = b'Content-Disposition: form-data; name="a"\r\n\r\none\r\ntwo'
FILE = b'Content-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\ndata'


def test_parts_are_read() -> None:
    """Names, file names, headers and bytes of each part are found; what stands around them is not."""
    found = parse(b"preamble\r\n" + body(FIELD, FILE) + b"epilogue", "b")
    assert found is not None
    assert [(part.name, part.filename, part.data) for part in found] == [
        ("a", None, b"one\r\ntwo"),
        ("f", "x.txt", b"data"),
    ]
    assert found[1].headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"no boundary",
        body(FIELD)[:-6],
        body(b"no blank line"),
        body(b"no colon\r\n\r\nx"),
        b"--bad" + FIELD + b"--b--",
        body(*[FIELD] * (MOST_PARTS + 1)),
    ],
)
def test_what_is_not_multipart_is_none(broken: bytes) -> None:
    """A body without its parts, its end or its boundary is not read as multipart."""
    assert parse(broken, "b") is None


def test_a_boundary_is_needed() -> None:
    """Without a boundary nothing is read."""
    assert parse(body(FIELD), "") is None


@given(st.binary(max_size=80))
def test_data_survives(data: bytes) -> None:
    """Bytes of a part come back unless they hold the boundary itself."""
    if b"--b" in data:
        return
    found = parse(body(b'Content-Disposition: form-data; name="a"\r\n\r\n' + data), "b")
    assert found is not None
    assert found[0].data == data
