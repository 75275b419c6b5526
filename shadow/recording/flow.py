"""mitmproxy flow files, read from their format: one typed netstring per flow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Close, Exchange, Failure, Frame, Request, Response
from shadow.recording.recorded import EntryError, Origin, Recorded, RecordingError
from shadow.recording.tnetstring import BrokenError, parse
from shadow.recording.wire import clean_headers, clean_method, fit_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Headers

_TEXT_FRAME, _BINARY_FRAME = 1, 2


def parse_flow(name: str, data: bytes) -> tuple[Recorded, ...]:
    """Every flow of a flow file in file order; `name` stands in front of error lines.

    Raises:
        RecordingError: truncated or malformed, with the byte offset, or a flow that makes no sense, with its number.
    """
    entries: list[Recorded] = []
    offset = 0
    while offset < len(data):
        try:
            flow, end = parse(data, offset)
            entries.append(_recorded(len(entries), flow))
        except BrokenError as error:
            raise RecordingError(
                f"{name}: broken at byte {error.offset}, in the flow that begins at byte {offset}: {error};"
                f" {len(entries)} exchanges before it can be read"
            ) from None
        except EntryError as error:
            raise RecordingError(
                f"{name}: flow {len(entries)} at byte {offset}: {error};"
                f" {len(entries)} exchanges before it can be read"
            ) from None
        offset = end
    return tuple(entries)


def _recorded(number: int, flow: Any) -> Recorded:
    if not isinstance(flow, dict) or not isinstance(flow.get("type"), str | bytes):
        raise EntryError("no mitmproxy flow")
    kind = _string(flow["type"])
    if kind != "http":
        return Recorded(
            number, Origin(kind, "", 0), Exchange(f"flow-{number}", "", Request("", ""), Failure("refused"))
        )
    asked = _map(flow.get("request"), "request")
    started = _time(asked.get("timestamp_start"))
    origin = Origin(_string(asked.get("scheme")) or "http", _host(asked.get("host")), _port(asked.get("port")))
    request = Request(
        clean_method(_string(asked.get("method"))),
        _target(asked),
        _fitted(clean_headers(_headers(asked), origin), asked),
        _bytes(asked.get("content")),
        _client(flow),
    )
    response, first_byte, total = _response(flow, started)
    frames = _frames(flow.get("websocket"), started)
    close = _close(flow.get("websocket"))
    exchange = Exchange(f"flow-{number}", "", request, response, started, first_byte, total, frames, close)
    return Recorded(number, origin, exchange, tuple(_missing(flow)))


def _missing(flow: dict[str, Any]) -> Iterator[str]:
    for part in ("request", "response"):
        # A body that was streamed through, or taken out of the file, is None; an empty one is b"".
        if flow.get(part) is not None and flow[part].get("content") is None:
            yield f"{part} body not recorded"


def _response(flow: dict[str, Any], started: float) -> tuple[Response | Failure, float, float]:
    if flow.get("response") is None:
        error = flow.get("error")
        detail = _string(error.get("msg")) if isinstance(error, dict) else "no answer recorded"
        return Failure("broken", detail[:200]), 0.0, 0.0
    answered = _map(flow["response"], "response")
    status = answered.get("status_code")
    if not isinstance(status, int) or status not in range(100, 600):
        raise EntryError(f"response.status_code is {status!r:.40}")
    response = Response(
        status,
        _fitted(clean_headers(_headers(answered)), answered),
        _bytes(answered.get("content")),
        "".join(c for c in _string(answered.get("reason")) if c.isprintable()),
        flow.get("error") is not None,
    )
    first = _time(answered.get("timestamp_start")) or started
    last = _time(answered.get("timestamp_end")) or first
    return response, max(0.0, first - started), max(0.0, last - started)


def _fitted(headers: Headers, part: dict[str, Any]) -> Headers:
    # What announces a body that is not there would leave the other side waiting for it.
    return headers if part.get("content") is not None else fit_length(headers, b"", decoded=True)[0]


def _frames(websocket: Any, started: float) -> tuple[Frame, ...]:
    if websocket is None:
        return ()
    messages = _map(websocket, "websocket").get("messages")
    if not isinstance(messages, list | tuple):
        raise EntryError("websocket.messages is no list")
    return tuple(frame for item in messages if (frame := _frame(item, started)) is not None)


def _close(websocket: Any) -> Close | None:
    if not isinstance(websocket, dict) or not isinstance(websocket.get("close_code"), int):
        return None
    reason = "".join(char for char in _string(websocket.get("close_reason")) if char.isprintable())
    return Close(bool(websocket.get("closed_by_client")), websocket["close_code"], reason)


def _frame(item: Any, started: float) -> Frame | None:
    if not isinstance(item, list) or len(item) < 4:  # noqa: PLR2004 - opcode, from client, content, time, ...
        raise EntryError("a WebSocket message is malformed")
    opcode, from_client, content, at = item[:4]
    if opcode not in (_TEXT_FRAME, _BINARY_FRAME):
        return None
    return Frame(bool(from_client), opcode == _TEXT_FRAME, _bytes(content), _time(at) - started)


def _target(asked: dict[str, Any]) -> str:
    target = _string(asked.get("path"))
    if any(char <= " " or char == "\x7f" for char in target):
        raise EntryError("request.path holds a space or control character")
    return target


def _headers(part: dict[str, Any]) -> Headers:
    items = part.get("headers")
    if not isinstance(items, list) or not all(isinstance(item, list) and len(item) == 2 for item in items):  # noqa: PLR2004
        raise EntryError("headers are no list of pairs")
    return tuple((_string(name), _string(value)) for name, value in items)


def _client(flow: dict[str, Any]) -> str:
    connection = flow.get("client_conn")
    peer = connection.get("peername") if isinstance(connection, dict) else None
    return _string(peer[0]) if isinstance(peer, list) and peer else ""


def _host(value: Any) -> str:
    host = _string(value).strip("[]").lower()
    if not host:
        raise EntryError("request.host is missing")
    return host


def _port(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in range(0x10000):
        raise EntryError(f"request.port is {value!r:.40}")
    return value


def _time(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EntryError(f"a time is {value!r:.40}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise EntryError("a time is not finite")
    return seconds


def _map(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EntryError(f"{where} is missing")
    return value


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes):
        raise EntryError("a body is no bytes")
    return value


def _string(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
