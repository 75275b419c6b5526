"""The frames of one HTTP/2 connection: what a client is told it may do, and what is sent to it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from gateway.listen.budget import Budget
from gateway.listen.flow import Flow

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from h2.errors import ErrorCodes

    from gateway.listen.stream import Pairs, Stream

WINDOW = 1 << 18
"""Bytes of a body on one stream that may be on the way or waiting."""
SHARED_WINDOW = 1 << 20
"""The same for all streams of a connection together."""
HEADERS = 1 << 16
"""Bytes of a header list, as RFC 9113 §6.5.2 counts them."""
_FIRST_WINDOW = 65_535
FRAMES = (1000, 200)
"""Frames that are no request and no body: at once, and a second."""


class Framing(Flow):
    """The sending half. `ending` says that nothing more is sent, `frames_left` is what the client may waste."""

    def __init__(self, loop: asyncio.AbstractEventLoop, streams: int) -> None:
        super().__init__(loop)
        self.h2 = server(streams)
        self.frames_left = Budget(*FRAMES)
        self.ending = False

    def head(self, stream: Stream, headers: Pairs, *, last: bool) -> None:
        """See Frames."""
        with self._open(stream):
            self.h2.send_headers(stream.id, headers, end_stream=last)

    def data(self, stream: Stream, data: bytes | memoryview, *, last: bool) -> int:
        """See Frames."""
        sent, size = 0, len(data)
        with self._open(stream):
            while True:
                room = min(self.h2.local_flow_control_window(stream.id), self.h2.max_outbound_frame_size)
                piece = max(0, min(room, size - sent))
                whole = sent + piece == size
                if piece or (whole and last):
                    self.h2.send_data(stream.id, bytes(data[sent : sent + piece]), end_stream=whole and last)
                    self.frames_left.repay(2)
                sent += piece
                if whole or not piece:
                    break
        return sent

    def flush(self) -> None:
        """See Frames."""
        data = self.h2.data_to_send()
        if data and not self.ending:
            self.transport.write(data)

    def forget(self) -> None:
        """Nothing more comes: let go of what holds the package's connection from within."""
        # It keeps a table of its own methods, and else were left for the garbage collector.
        getattr(self.h2, "_frame_dispatch_table", {}).clear()

    def took(self, stream: Stream, size: int) -> None:
        """See Frames."""
        self.give_back(stream.id, size)

    def give_back(self, identity: int, size: int) -> None:
        """Let the client send as much again; where the stream has ended, on the others."""
        if size:
            with suppress(ProtocolError):
                self.h2.acknowledge_received_data(size, identity)
            self.flush()

    @contextmanager
    def _open(self, stream: Stream) -> Iterator[None]:
        # The client may have ended the stream in frames that are parsed already but not looked at.
        try:
            yield
        except ProtocolError:
            stream.leave()

    def take_back(self, identity: int, code: ErrorCodes) -> None:
        """Reset a stream, if it is still open."""
        with suppress(ProtocolError):
            self.h2.reset_stream(identity, code)


def server(streams: int) -> H2Connection:
    """The server side of a connection, its preface written; at most so many streams at once."""
    connection = H2Connection(H2Configuration(client_side=False, normalize_outbound_headers=False))
    connection.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            SettingCodes.MAX_CONCURRENT_STREAMS: streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: HEADERS,
            SettingCodes.ENABLE_CONNECT_PROTOCOL: 0,
        },
    )
    connection.decoder.max_header_list_size = HEADERS
    connection.initiate_connection()
    connection.increment_flow_control_window(SHARED_WINDOW - _FIRST_WINDOW)
    return connection
