"""The parameter shape of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.shape import shape_of
from tests.shadow.cases import TABLE, request

if TYPE_CHECKING:
    from gateway.core.exchange import Request

GET = TABLE.routes[1]
CREATE = TABLE.routes[2]
FORM = ("Content-Type", "application/x-www-form-urlencoded")
PARTS = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("asked", "shape"),
    [
        (request("GET", "/items/42"), "path:id"),
        (request("GET", "/items/42?b=1&a=2&b=3"), "path:id query:a,b[]"),
        (request("GET", "/elsewhere"), ""),
        (request("POST", "/items", body={"b": {"c": {"d": 1}}, "a": [1]}), "body:a[],b,b.c"),
        (request("POST", "/items", body=[1]), "body:[]"),
        (request("POST", "/items", ("Content-Type", "application/json"), body="1"), "body:json"),
        (request("POST", "/items", FORM, body="x=1&x=2&y"), "body:x[],y"),
        (request("POST", "/items", ("Content-Type", "multipart/form-data; boundary=b"), body=PARTS), "body:file"),
        (request("POST", "/items", ("Content-Type", "multipart/form-data"), body=b"--"), ""),
        (request("POST", "/items", body=b"\xff"), "body:binary"),
    ],
)
def test_shapes_name_parameters(asked: Request, shape: str) -> None:
    """A shape names path parameters, query names, and body members two levels deep."""
    assert shape_of(GET, asked) == shape


def test_a_long_shape_ends_in_a_digest() -> None:
    """Shapes of hostile requests are bounded, and still differ."""
    shapes = {shape_of(CREATE, request("GET", "/items?" + "&".join(f"{n}{m}=1" for n in range(900)))) for m in "ab"}
    assert len(shapes) == 2
    assert max(map(len, shapes)) < 220


@given(st.text(), st.text())
def test_values_do_not_matter(one: str, other: str) -> None:
    """Two requests that differ in values only have one shape."""
    shapes = {shape_of(CREATE, request("POST", "/items", body={"name": value})) for value in (one, other)}
    assert len(shapes) == 1
