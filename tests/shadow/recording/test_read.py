from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shadow.recording.read import read_recording
from shadow.recording.recorded import RecordingError
from tests.apps.recordings import entry, flow, har, netstring, shipped

if TYPE_CHECKING:
    from pathlib import Path


def test_the_content_decides_the_form(tmp_path: Path) -> None:
    """A HAR named .flow and a flow file named .har are read as what they are."""
    (tmp_path / "a.flow").write_bytes(har(entry()))
    (tmp_path / "b.har").write_bytes(netstring(flow()))
    assert read_recording(tmp_path / "a.flow").form == "har"
    assert read_recording(tmp_path / "b.har").form == "flow"


@pytest.mark.parametrize(("data", "line"), [(b"", "is empty"), (b"<html>", "is neither")])
def test_other_files_are_refused(tmp_path: Path, data: bytes, line: str) -> None:
    """An empty file and another format are told apart, and the line says what to record with."""
    path = tmp_path / "x.har"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=line):
        read_recording(path)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    """The path and the system's reason make the line."""
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(tmp_path / "none.har")


def test_both_forms_of_the_shipped_session_hold_the_same_exchanges() -> None:
    """The HAR and the flow file give the same requests, answers and frames, byte for byte."""
    one = read_recording(shipped("dashboard-session.har")).entries
    other = read_recording(shipped("dashboard-session.flow")).entries
    assert len(one) == len(other) == 297
    for first, second in zip(one, other, strict=True):
        assert replace(first.exchange.request, client="") == replace(second.exchange.request, client="")
        assert first.exchange.response == second.exchange.response
        assert [(f.from_client, f.text, f.data) for f in first.exchange.frames] == [
            (f.from_client, f.text, f.data) for f in second.exchange.frames
        ]
        assert first.exchange.started == pytest.approx(second.exchange.started, abs=1e-5)
        assert first.notes == second.notes == ()
