"""Reading multipart/form-data bodies (RFC 7578), as far as browsers write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError

if TYPE_CHECKING:
    from starlette.requests import Request

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(rb'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Part:
    """One field; `filename` is None for plain values."""

    content: bytes
    filename: str | None = None


def parse(content_type: str, body: bytes) -> dict[str, Part]:
    """The fields by name, the last of a name winning; empty when the body is no form."""
    boundary = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or boundary is None:
        return {}
    fields: dict[str, Part] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode("latin-1"))[1:]:
        head, separator, content = piece.partition(b"\r\n\r\n")
        if not separator:
            continue
        known = {name.lower(): value.decode("utf-8", "replace") for name, value in _PARAMETER.findall(head)}
        if b"name" in known:
            fields[known[b"name"]] = Part(content, known.get(b"filename"))
    return fields


async def uploaded(request: Request) -> tuple[str, bytes, str, str | None]:
    """File name, content, collection and organisation of an upload.

    Raises:
        RequestValidationError: the file or the collection is missing (422).
    """
    fields = parse(request.headers.get("content-type", ""), await request.body())
    file, collection = fields.get("file"), fields.get("collection_name")
    missing: list[dict[str, Any]] = [
        {"type": "missing", "loc": ("body", name), "msg": "Field required", "input": None}
        for name, part in (("file", file), ("collection_name", collection))
        if part is None
    ]
    if file is None or collection is None:
        raise RequestValidationError(missing)
    organisation = fields.get("org_id")
    return file.filename or "", file.content, _text(collection), _text(organisation) if organisation else None


def _text(part: Part) -> str:
    return part.content.decode("utf-8", "replace")
