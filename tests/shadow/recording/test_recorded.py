from __future__ import annotations

from pathlib import Path

from gateway.core.errors import ConfigError
from shadow.recording.recorded import Origin, Recording, RecordingError
from tests.apps.recordings import recorded


def test_an_origin_reads_like_an_address() -> None:
    """Host and port, an IPv6 host in brackets, and the scheme alone where there is no host."""
    assert str(Origin("http", "localhost", 8000)) == "localhost:8000"
    assert str(Origin("http", "::1", 80)) == "[::1]:80"
    assert str(Origin("data", "", 0)) == "data:"


def test_a_recording_knows_when_its_last_exchange_began() -> None:
    """`ended` is the latest start, whatever the order of the file; 0 for an empty recording."""
    entries = (recorded(number=3), recorded(number=1))
    assert Recording(Path("x.har"), "har", entries).ended == 103.0
    assert Recording(Path("x.har"), "har", ()).ended == 0.0


def test_an_unreadable_recording_is_a_configuration_error() -> None:
    """A recording that cannot be read exits 3."""
    assert issubclass(RecordingError, ConfigError)
    assert RecordingError.exit_code == 3
