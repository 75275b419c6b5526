"""A body by its content type, with encodings undone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import header, header_values
from shadow.normalise.encoding import EncodingError, decode
from shadow.normalise.json_value import NotJsonError, parse

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

EVENT_STREAM = "text/event-stream"
BODY_LIMIT = 1024 * 1024
"""Bodies beyond this many bytes are compared by digest only."""


class Form(StrEnum):
    """What a body is read as."""

    EMPTY = "empty"
    JSON = "json"
    TEXT = "text"
    FORM = "form"
    MULTIPART = "multipart"
    STREAM = "stream"
    BINARY = "binary"
    HUGE = "huge"


@dataclass(frozen=True, slots=True)
class Content:
    """A body read by its type: `value` is the parsed document when `form` is JSON, the text when it is text-like.

    `lie` says why the body is not encoded as its header promises, `broken` why it is not of its content type; the
    bytes are then compared as they stand.
    """

    form: Form
    data: bytes
    value: Any = None
    boundary: str = ""
    lie: str = ""
    broken: str = ""


def media_type(headers: Headers) -> str:
    """The media type without parameters, lower case; empty when none is declared."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def codings(headers: Headers) -> tuple[str, ...]:
    """Content codings in the order they were applied, identity left out."""
    listed = ",".join(header_values(headers, "content-encoding")).lower().split(",")
    return tuple(name for item in listed if (name := item.strip()) and name != "identity")


def parameter(headers: Headers, name: str) -> str:
    """A parameter of the content type, unquoted; empty when it is absent."""
    for part in (header(headers, "content-type") or "").split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"')
    return ""


def read(headers: Headers, body: bytes, limit: int = BODY_LIMIT) -> Content:
    """The body decoded and parsed; never raises, whatever the bytes are."""
    if not body:
        # A stream without an event is a stream: what it lacks has a name.
        streamed = media_type(headers) == EVENT_STREAM
        return Content(Form.STREAM, b"", "") if streamed else Content(Form.EMPTY, b"")
    lie = ""
    try:
        body = decode(body, codings(headers))
    except EncodingError as error:
        lie = str(error)
    if len(body) > limit:
        return Content(Form.HUGE, body, lie=lie)
    return _parsed(headers, body, lie)


def _parsed(headers: Headers, body: bytes, lie: str) -> Content:
    media = media_type(headers)
    if media == "application/json" or media.endswith("+json"):
        try:
            return Content(Form.JSON, body, parse(body), lie=lie)
        except NotJsonError as error:
            return Content(Form.BINARY, body, lie=lie, broken=f"no JSON: {error}")
    if media == "multipart/form-data":
        return Content(Form.MULTIPART, body, boundary=parameter(headers, "boundary"), lie=lie)
    form = {
        EVENT_STREAM: Form.STREAM,
        "application/x-www-form-urlencoded": Form.FORM,
    }.get(media, Form.TEXT if media.startswith("text/") or media.endswith("xml") else Form.BINARY)
    if form is Form.BINARY:
        return Content(form, body, lie=lie)
    try:
        return Content(form, body, body.decode(parameter(headers, "charset") or "utf-8"), lie=lie)
    except (UnicodeDecodeError, LookupError):
        return Content(Form.BINARY, body, lie=lie, broken="not text in its declared charset")
