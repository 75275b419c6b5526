"""Whether an answer's length headers are true (RFC 9112 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values

if TYPE_CHECKING:
    from gateway.core.exchange import Request, Response

_NO_BODY = frozenset({204, 304})


def fault(request: Request, response: Response) -> str:
    """What is wrong with Content-Length and Transfer-Encoding; empty when nothing is."""
    lengths = header_values(response.headers, "content-length")
    if not lengths:
        return ""
    if header(response.headers, "transfer-encoding") is not None:
        return "content-length beside transfer-encoding"
    if len(set(lengths)) > 1:
        return "several content-length headers"
    if request.method == "HEAD" or response.status in _NO_BODY or response.truncated:
        return ""
    if lengths[0].strip() != str(len(response.body)):
        return f"content-length {lengths[0]:.20} for {len(response.body)} bytes"
    return ""
