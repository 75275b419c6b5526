from __future__ import annotations

from gateway.core.mirroring import Mirroring


def test_usually_some_reads_are_asked_twice() -> None:
    """Without a word in the file noise is learned, from few enough reads to cost little."""
    assert 0 < Mirroring().second <= 0.1
