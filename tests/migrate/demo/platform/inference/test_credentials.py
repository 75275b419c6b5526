"""What inference reads from headers."""

from __future__ import annotations

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from migrate.demo.platform.inference.credentials import api_key, client_address


def request(**headers: str) -> Request:
    """A request with these headers, underscores as dashes."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": ("9.9.9.9", 1)})


def test_a_key_follows_bearer() -> None:
    """The key is what stands after `Bearer `."""
    assert api_key(request(authorization="Bearer sk-abc")) == "sk-abc"


@pytest.mark.parametrize("header", ["", "bearer sk-abc", "Bearer eyJh.x.y", "sk-abc"])
def test_anything_else_is_401(header: str) -> None:
    """The scheme is case-sensitive, and a JWT is no key."""
    with pytest.raises(HTTPException) as caught:
        api_key(request(authorization=header))
    assert (caught.value.status_code, caught.value.detail) == (401, "Invalid API Key format")


def test_the_address_comes_from_four_headers_in_order() -> None:
    """X-IP-Address, X-Client-IP, X-Forwarded-For, X-Real-IP; the first element; else the connection."""
    assert client_address(request(x_real_ip="4.4.4.4", x_forwarded_for="3.3.3.3, 5.5.5.5")) == "3.3.3.3"
    assert client_address(request(x_client_ip="2.2.2.2", x_forwarded_for="3.3.3.3")) == "2.2.2.2"
    assert client_address(request(x_ip_address="1.1.1.1", x_client_ip="2.2.2.2")) == "1.1.1.1"
    assert client_address(request()) == "9.9.9.9"
