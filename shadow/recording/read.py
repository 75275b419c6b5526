"""Reading a recording, whatever its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shadow.recording.flow import parse_flow
from shadow.recording.har import parse_har
from shadow.recording.recorded import Recording, RecordingError

if TYPE_CHECKING:
    from pathlib import Path


def read_recording(path: Path) -> Recording:
    """The recording in a HAR or mitmproxy flow file; the content decides which, not the name.

    Raises:
        RecordingError: unreadable, truncated or neither form; the line says how much can be read and where it breaks.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}; give a .har or .flow file") from None
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        return Recording(path, "har", parse_har(str(path), data))
    if text[:1].isdigit():
        return Recording(path, "flow", parse_flow(str(path), data))
    what = "is empty" if not data else "is neither a HAR (JSON) nor a mitmproxy flow file"
    raise RecordingError(f"{path}: {what}; record with a browser's network panel or `mitmdump -w FILE`")
