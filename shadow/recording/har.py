"""HAR 1.2 as browsers and mitmproxy write it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gateway.core.exchange import Exchange, Failure, Frame, Request, Response, header
from shadow.recording.recorded import EntryError, Recorded, RecordingError
from shadow.recording.truncated import where_it_breaks
from shadow.recording.wire import (
    body_bytes,
    clean_headers,
    clean_method,
    decode_base64,
    fit_length,
    header_text,
    split_url,
)

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

_TEXT_FRAME, _BINARY_FRAME = 1, 2
_STATUSES = range(100, 600)
_BODILESS = {204, 304}


def parse_har(name: str, data: bytes) -> tuple[Recorded, ...]:
    """Every entry of a HAR in file order; `name` stands in front of error lines.

    Raises:
        RecordingError: not JSON to the end, not a HAR, or an entry that makes no sense, with its number.
    """
    document = _load(name, data)
    log = document.get("log")
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise RecordingError(f"{name}: not a HAR: there is no list log.entries; export the recording again")
    return tuple(_recorded(name, number, entry, len(entries)) for number, entry in enumerate(entries))


def _load(name: str, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise RecordingError(f"{name}: nested too deeply for a HAR; nothing was read") from None
    except UnicodeDecodeError as error:
        raise RecordingError(f"{name}: not UTF-8 at byte {error.start}; nothing was read") from None
    except json.JSONDecodeError:
        raise RecordingError(f"{name}: {where_it_breaks(data.decode('utf-8-sig'))}") from None
    except ValueError:
        raise RecordingError(f"{name}: holds a number of thousands of digits; nothing was read") from None
    if not isinstance(document, dict):
        raise RecordingError(f"{name}: not a HAR: the document is no object")
    return document


def _recorded(name: str, number: int, entry: Any, total: int) -> Recorded:
    try:
        return _entry(number, _object(entry, "the entry"))
    except EntryError as error:
        raise RecordingError(
            f"{name}: entry {number} of {total}: {error}; {number} exchanges before it can be read"
        ) from None


def _entry(number: int, entry: dict[str, Any]) -> Recorded:
    asked, answered = _object(entry.get("request"), "request"), _object(entry.get("response"), "response")
    origin, target = split_url(_text(asked.get("url"), "request.url"))
    method = clean_method(_text(asked.get("method"), "request.method"))
    headers = clean_headers(_headers(asked, "request"), origin)
    body, notes = _request_body(asked, headers)
    headers, fitted = fit_length(headers, body, decoded=False)
    started = _epoch(entry.get("startedDateTime"))
    response, more = _response(answered, method)
    exchange = Exchange(
        id=f"har-{number}",
        service="",
        request=Request(method, target, headers, body),
        response=response,
        started=started,
        first_byte=_first_byte(entry),
        total=_number(entry.get("time", 0), "time") / 1000,
        frames=_frames(entry, started),
    )
    return Recorded(number, origin, exchange, (*notes, *fitted, *more))


def _request_body(asked: dict[str, Any], headers: Headers) -> tuple[bytes, tuple[str, ...]]:
    post = asked.get("postData")
    length = header(headers, "content-length")
    if post is None:
        missing = length not in (None, "0") or _number(asked.get("bodySize", 0), "request.bodySize") > 0
        return b"", ("request body not recorded",) if missing else ()
    post = _object(post, "request.postData")
    text = post.get("text")
    if isinstance(text, str):
        if post.get("encoding", post.get("_encoding")) == "base64":
            return decode_base64(text), ()
        return body_bytes(text, header(headers, "content-type") or "", length), ()
    params = _list(post.get("params", []), "request.postData.params")
    kind = (header(headers, "content-type") or _text(post.get("mimeType", ""), "request.postData.mimeType")).lower()
    if params and kind.startswith("application/x-www-form-urlencoded"):
        return urlencode([_pair(item, "request.postData.params") for item in params]).encode(), ()
    return b"", ("request body not recorded",) if params or length not in (None, "0") else ()


def _response(answered: dict[str, Any], method: str) -> tuple[Response | Failure, tuple[str, ...]]:
    status = answered.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        raise EntryError(f"response.status is {status!r:.40}, not a number")
    if status not in _STATUSES:
        return Failure("broken", str(answered.get("_error") or "no answer recorded")[:200]), ()
    headers = clean_headers(_headers(answered, "response"))
    content = _object(answered.get("content", {}), "response.content")
    body, missing = _content(content, headers)
    notes: tuple[str, ...] = ("response body not recorded",) if missing else ()
    if method != "HEAD" and status not in _BODILESS:
        headers, fitted = fit_length(headers, body, decoded=True)
        notes = notes or fitted
    reason = _text(answered.get("statusText", ""), "response.statusText")
    return Response(status, headers, body, "".join(c for c in reason if c.isprintable())), notes


def _content(content: dict[str, Any], headers: Headers) -> tuple[bytes, bool]:
    text = content.get("text")
    if text is None:
        return b"", _number(content.get("size", 0), "response.content.size") > 0
    text = _text(text, "response.content.text")
    if content.get("encoding") == "base64":
        return decode_base64(text), False
    coded = header(headers, "content-encoding") is not None
    kind = header(headers, "content-type") or str(content.get("mimeType") or "")
    return body_bytes(text, kind, None if coded else header(headers, "content-length")), False


def _frames(entry: dict[str, Any], started: float) -> tuple[Frame, ...]:
    messages = _list(entry.get("_webSocketMessages", []), "_webSocketMessages")
    return tuple(
        frame for item in messages if (frame := _frame(_object(item, "_webSocketMessages"), started)) is not None
    )


def _frame(message: dict[str, Any], started: float) -> Frame | None:
    opcode = message.get("opcode", _TEXT_FRAME)
    if opcode not in (_TEXT_FRAME, _BINARY_FRAME):
        return None
    data = _text(message.get("data", ""), "_webSocketMessages.data")
    text = opcode == _TEXT_FRAME
    content = body_bytes(data, "", None) if text else decode_base64(data)
    at = _number(message.get("time", started), "_webSocketMessages.time") - started
    return Frame(message.get("type") == "send", text, content, at)


def _headers(part: dict[str, Any], where: str) -> Headers:
    items = _list(part.get("headers", []), f"{where}.headers")
    return tuple((name, header_text(value)) for name, value in (_pair(item, f"{where}.headers") for item in items))


def _pair(item: Any, where: str) -> tuple[str, str]:
    found = _object(item, where)
    return _text(found.get("name"), f"{where}.name"), _text(found.get("value", ""), f"{where}.value")


def _first_byte(entry: dict[str, Any]) -> float:
    timings = entry.get("timings")
    if not isinstance(timings, dict):
        return 0.0
    parts = (
        _number(0 if timings.get(name) is None else timings[name], f"timings.{name}")
        for name in ("blocked", "connect", "send", "wait")
    )
    return sum(part for part in parts if part > 0) / 1000


def _epoch(value: Any) -> float:
    try:
        at = datetime.fromisoformat(_text(value, "startedDateTime"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        if isinstance(error, EntryError):
            raise
        raise EntryError(f"startedDateTime {value!r:.60} is no ISO 8601 time") from None


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EntryError(f"{where} is {value!r:.40}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise EntryError(f"{where} is not a finite number")
    return number


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise EntryError(f"{where} is {_kind(value)}, not a text")
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EntryError(f"{where} is {_kind(value)}, not an object")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise EntryError(f"{where} is {_kind(value)}, not a list")
    return value


def _kind(value: Any) -> str:
    return "missing" if value is None else f"a {type(value).__name__}"
