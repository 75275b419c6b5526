"""What an HTTP/2 client is told."""

from __future__ import annotations

from h2.settings import SettingCodes
from hyperframe.frame import Frame, SettingsFrame, WindowUpdateFrame

from gateway.listen.framing import HEADERS, SHARED_WINDOW, WINDOW, server


def test_bounds_are_announced_first() -> None:
    """Streams, windows and header size stand in the first frame; a socket over HTTP/2 is not offered."""
    data = server(7).data_to_send()
    frames = []
    while data:
        frame, length = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + length]))
        frames.append(frame)
        data = data[9 + length :]
    settings, window = frames
    assert isinstance(settings, SettingsFrame)
    assert isinstance(window, WindowUpdateFrame)
    assert settings.settings[SettingCodes.MAX_CONCURRENT_STREAMS] == 7
    assert settings.settings[SettingCodes.INITIAL_WINDOW_SIZE] == WINDOW
    assert settings.settings[SettingCodes.MAX_HEADER_LIST_SIZE] == HEADERS
    assert settings.settings[SettingCodes.ENABLE_CONNECT_PROTOCOL] == 0
    assert window.window_increment + 65_535 == SHARED_WINDOW
