"""Multipart forms."""

from __future__ import annotations

import httpx
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from migrate.demo.platform.multipart import Part, parse, uploaded


def written(content: bytes, filename: str = "a.txt") -> tuple[str, bytes]:
    """Content type and body as httpx writes them."""
    request = httpx.Request("POST", "http://x", files={"file": (filename, content)}, data={"collection_name": "é c"})
    return request.headers["content-type"], request.read()


@given(st.binary())
def test_any_bytes_come_through(content: bytes) -> None:
    """File and field are read back as they were written."""
    fields = parse(*written(content))
    assert fields["file"] == Part(content, "a.txt")
    assert fields["collection_name"] == Part("é c".encode())


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data"])
def test_what_is_no_form_has_no_fields(kind: str) -> None:
    """Another content type, or none of a boundary, is empty."""
    assert parse(kind, b"{}") == {}


async def test_a_missing_field_is_an_error_at_its_place() -> None:
    """File and collection are required."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    with pytest.raises(RequestValidationError) as caught:
        await uploaded(Request({"type": "http", "method": "POST", "headers": []}, receive))
    assert [item["loc"] for item in caught.value.errors()] == [("body", "file"), ("body", "collection_name")]
