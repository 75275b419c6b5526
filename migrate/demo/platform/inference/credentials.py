"""What inference reads from a request's headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.wire import refuse

if TYPE_CHECKING:
    from starlette.requests import Request

_ADDRESS_HEADERS = ("x-ip-address", "x-client-ip", "x-forwarded-for", "x-real-ip")


def api_key(request: Request) -> str:
    """The `sk-` key after `Bearer `, which is case-sensitive here.

    Raises:
        HTTPException: 401 when there is none; a dashboard's JWT is none.
    """
    header = request.headers.get("authorization", "")
    if not header.startswith("Bearer sk-"):
        raise refuse(401, "Invalid API Key format")
    return header.removeprefix("Bearer ")


def client_address(request: Request) -> str:
    """The address that inference logs store: the first header that has one, its first element."""
    for name in _ADDRESS_HEADERS:
        value = request.headers.get(name, "").split(",")[0].strip()
        if value:
            return value
    return request.client.host if request.client else "unknown"
