from __future__ import annotations

from gateway.core.mirroring import Mirroring


def test_usually_some_reads_are_asked_twice() -> None:
    """Without a word in the file noise is learned, from few enough reads to cost little."""
    assert 0 < Mirroring().second <= 0.1


def test_usually_the_platform_is_spared() -> None:
    """A read costs up to three requests; on the whole copies may not, and a slow platform gets fewer."""
    assert 1 < Mirroring().load < 3
    assert Mirroring().slow > 1
