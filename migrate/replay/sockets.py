"""WebSockets of a closed replay: the player's side and the client's side."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode, Opcode
from websockets.protocol import Protocol, Side, State
from websockets.utils import accept_key

from gateway.core.exchange import Close, Exchange, Failure, Frame, Response, header, header_values

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from websockets.asyncio.client import ClientConnection

    from gateway.core.exchange import Headers, Request

PATIENCE = 5.0
"""Seconds to wait for a message that the recording says must come."""
_OURS = {"sec-websocket-accept", "sec-websocket-extensions"}
_HANDSHAKE = {
    "host",
    "connection",
    "upgrade",
    "origin",
    "user-agent",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
}


async def play_frames(
    request: Request, exchange: Exchange, reader: StreamReader, writer: StreamWriter, heard: list[Frame]
) -> None:
    """Accept the handshake as recorded and act the service's part; `heard` grows by each frame of the gateway.

    The service's frames are sent in their recorded place between the client's, without the recorded pauses.
    """
    assert isinstance(exchange.response, Response)  # noqa: S101 - the caller has looked
    writer.write(_handshake(request, exchange.response))
    part = _Part(reader, writer)
    for frame in exchange.frames:
        if not frame.from_client:
            part.send(frame)
        elif (said := await part.next()) is not None:
            heard.append(said)
        else:
            break
    if (close := exchange.close) and not close.from_client:
        part.close(close)
    while (said := await part.next()) is not None:
        heard.append(said)


def _handshake(request: Request, response: Response) -> bytes:
    key = header(request.headers, "sec-websocket-key") or ""
    lines = [f"HTTP/1.1 101 {response.reason or 'Switching Protocols'}"]
    lines += [f"{name}: {value}" for name, value in response.headers if name.lower() not in _OURS]
    lines.append(f"Sec-WebSocket-Accept: {accept_key(key)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class _Part:
    """The service's end of an open socket."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._protocol = Protocol(Side.SERVER, state=State.OPEN)
        self._heard: list[Frame] = []

    def send(self, frame: Frame) -> None:
        send = self._protocol.send_text if frame.text else self._protocol.send_binary
        send(frame.data)
        self._flush()

    def close(self, close: Close) -> None:
        known = close.code not in {CloseCode.NO_STATUS_RCVD, CloseCode.ABNORMAL_CLOSURE}
        self._protocol.send_close(*((close.code, close.reason) if known else ()))
        self._flush()

    async def next(self) -> Frame | None:
        """The next message from the gateway; None when it has closed or says nothing for too long."""
        while not self._heard:
            if self._protocol.state is not State.OPEN:
                return None
            try:
                data = await asyncio.wait_for(self._reader.read(65_536), PATIENCE)
            except TimeoutError:
                return None
            self._take(data)
        return self._heard.pop(0)

    def _take(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            opcode = getattr(event, "opcode", None)
            if opcode in (Opcode.TEXT, Opcode.BINARY):
                self._heard.append(Frame(from_client=True, text=opcode is Opcode.TEXT, data=bytes(event.data)))  # type: ignore[union-attr]
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)


@dataclass(frozen=True, slots=True)
class Opened:
    """A played socket. `credential` is the Authorization of whoever asked for its descriptor: the socket's caller."""

    request: Request
    answer: Response | Failure
    frames: tuple[Frame, ...]
    close: Close | None
    credential: Headers


class Sockets:
    """Opens recorded sockets at the gateway through the descriptors that it answered."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._gateway = ("wss" if parts.scheme == "https" else "ws", parts.netloc)
        self._descriptors: list[tuple[dict[str, Any], Headers]] = []

    def remember(self, request: Request, answer: Response | Failure) -> None:
        """Keep the answer if it is a descriptor: a JSON object with `ws_url`."""
        if not isinstance(answer, Response) or b'"ws_url"' not in answer.body:
            return
        with contextlib.suppress(ValueError, RecursionError):
            document = json.loads(answer.body)
            if isinstance(document, dict) and isinstance(document.get("ws_url"), str):
                self._descriptors.append((document, _credential(request)))

    async def open(self, exchange: Exchange) -> Opened | None:
        """Play a recorded socket; None when no descriptor was answered for what it subscribes to."""
        first = next((frame.data for frame in exchange.frames if frame.from_client), b"null")
        found = next((one for one in reversed(self._descriptors) if _subscribes(one[0], first)), None)
        if found is None:
            return None
        self._descriptors.remove(found)  # a ticket is good once
        descriptor, credential = found
        parts = urlsplit(descriptor["ws_url"])
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        scheme, address = self._gateway
        request = replace(exchange.request, target=target)
        answer, frames, close = await converse(f"{scheme}://{address}{target}", exchange)
        return Opened(request, answer, frames, close, credential)


def _credential(request: Request) -> Headers:
    return tuple(pair for pair in request.headers if pair[0].lower() == "authorization")


def _subscribes(descriptor: dict[str, Any], first: bytes) -> bool:
    try:
        said = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return bool(descriptor.get("subscription", said) == said)


async def converse(
    url: str, exchange: Exchange, *, patience: float = PATIENCE
) -> tuple[Response | Failure, tuple[Frame, ...], Close | None]:
    """Open a socket as the recorded client did, say its frames, and hear what was recorded, or all up to its end.

    `url` is a `ws:` URL at the gateway under test; `patience` is seconds to wait for one message, and for the end
    where the service ended the recorded socket. The frames are those both sides said, in the recorded order; the
    close is the other side's, or None.
    """
    sent = exchange.request.headers
    try:
        async with connect(
            url,
            subprotocols=_subprotocols(sent),  # type: ignore[arg-type]  # plain texts are subprotocols
            origin=header(sent, "origin"),  # type: ignore[arg-type]  # a plain str is one
            additional_headers=[pair for pair in sent if pair[0].lower() not in _HANDSHAKE],
            user_agent_header=header(sent, "user-agent"),
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            ping_interval=None,
            proxy=None,
        ) as socket:
            assert socket.response is not None  # noqa: S101 - the handshake is done
            answer = Response(socket.response.status_code, tuple(socket.response.headers.raw_items()))
            said: list[Frame] = []
            try:
                for frame in exchange.frames:
                    if frame.from_client:
                        await socket.send(frame.data, text=frame.text)
                        said.append(frame)
                    else:
                        said.append(_frame(await asyncio.wait_for(socket.recv(), patience)))
                while exchange.close and not exchange.close.from_client:
                    said.append(_frame(await asyncio.wait_for(socket.recv(), patience)))
            except TimeoutError:
                return answer, tuple(said), None
            except ConnectionClosed:
                pass
            return answer, tuple(said), _closed(socket)
    except InvalidStatus as refused:
        return _refusal(refused), (), None
    except (OSError, TimeoutError, InvalidHandshake) as error:
        return Failure("broken", f"{type(error).__name__}: {error}"), (), None


def _closed(socket: ClientConnection) -> Close | None:
    received = socket.protocol.close_rcvd
    if received is None:
        return Close(from_client=False, code=CloseCode.ABNORMAL_CLOSURE) if socket.close_code else None
    return Close(False, received.code, received.reason)


def _subprotocols(sent: Headers) -> list[str] | None:
    listed = ",".join(header_values(sent, "sec-websocket-protocol")).split(",")
    return [name for item in listed if (name := item.strip())] or None


def _refusal(refused: InvalidStatus) -> Response:
    headers: Headers = tuple(refused.response.headers.raw_items())
    return Response(refused.response.status_code, headers, bytes(refused.response.body or b""))


def _frame(message: str | bytes) -> Frame:
    if isinstance(message, str):
        return Frame(from_client=False, text=True, data=message.encode())
    return Frame(from_client=False, text=False, data=message)
