"""Bodies as they may be stored: redacted by content type; what cannot be read is stored as length and digest only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.core.subject import fingerprint
from shadow.normalise.content import Content, Form, media_type, read
from shadow.normalise.json_value import NotJsonError, parse
from shadow.normalise.multipart import Part
from shadow.normalise.multipart import parse as parts_of
from shadow.redaction import address
from shadow.redaction.names import Treatment, treatment
from shadow.redaction.tree import TooLargeError, Tree, compact

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

PREVIEW = 4096
"""Most characters of a body that are stored."""
_MOST_LINES = 20_000
"""Lines of an event stream that are looked through."""
_SPACE = " \t\r\n"
_READABLE = frozenset({Form.JSON, Form.FORM, Form.STREAM, Form.MULTIPART})
_FIELD = re.compile(r"(data|event|id|retry):")


def redacted(headers: Headers, body: bytes, tree: Tree, key: bytes, *, request: bool) -> str:
    """The body as text that may be stored, folded after `PREVIEW` characters; never raises."""
    content = read(headers, body)
    try:
        text = _by_form(content, tree, key, request=request, untyped=not media_type(headers))
    except TooLargeError:
        text = digest(body, key)
    return text if len(text) <= PREVIEW else f"{text[:PREVIEW]}… [folded {len(text) - PREVIEW} more chars]"


def digest(body: bytes, key: bytes) -> str:
    """Length and keyed digest: enough to see whether two bodies are the same."""
    return f"[{len(body)} bytes, {fingerprint(key, body.decode('latin-1'))}]" if body else ""


def _by_form(content: Content, tree: Tree, key: bytes, *, request: bool, untyped: bool) -> str:
    if content.form is Form.TEXT:
        return _untyped(content, tree, key) if request else tree.text(content.value)
    if content.form in _READABLE:
        return _readable(content, tree, key)
    return _untyped(content, tree, key) if untyped else digest(content.data, key)


def _readable(content: Content, tree: Tree, key: bytes) -> str:
    match content.form:
        case Form.JSON:
            return compact(tree.redact(content.value))
        case Form.FORM:
            return address.pairs(content.value, tree)
        case Form.STREAM:
            return stream(content.value, tree)
        case _:
            parts = parts_of(content.data, content.boundary)
            return digest(content.data, key) if parts is None else "\n".join(_part(part, tree, key) for part in parts)


def _untyped(content: Content, tree: Tree, key: bytes) -> str:
    value = document(content.data.decode("utf-8", "replace"))
    return digest(content.data, key) if value is None else compact(tree.redact(value))


def stream(text: str, tree: Tree) -> str:
    """An event stream, the data of each event redacted by itself.

    Raises:
        TooLargeError: it has more lines than anybody waits for.
    """
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        raise TooLargeError
    return "\n".join(_line(line, tree) for line in lines)


def _line(line: str, tree: Tree) -> str:
    if not _FIELD.match(line):
        return tree.text(line, Treatment.MASK)
    name, _, value = line.partition(":")
    value = value.removeprefix(" ")
    return f"{name}: {event_data(value, tree) if name == 'data' else tree.text(value)}"


def event_data(data: str, tree: Tree) -> str:
    """The data of one event or frame: JSON by its members, anything else masked."""
    if data == "[DONE]":
        return data
    value = document(data)
    return tree.text(data, Treatment.MASK) if value is None else compact(tree.redact(value))


def document(text: str) -> Any:
    """The JSON object or list that a text is, or None."""
    if not text.lstrip(_SPACE).startswith(("{", "[")):
        return None
    try:
        value = parse(text.encode("utf-8", "surrogateescape"))
    except NotJsonError:
        return None
    return value if isinstance(value, dict | list) else None


def _part(part: Part, tree: Tree, key: bytes) -> str:
    name = tree.text(part.name)
    if part.filename is not None:
        return f"{name} ({tree.text(part.filename)}): {digest(part.data, key)}"
    how = treatment(part.name)
    return f"{name}: {tree.text(part.data.decode('utf-8', 'replace'), how)}"
