from __future__ import annotations

import getpass
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, UsageError
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from migrate.commands.options import login_name, read_store, targets

if TYPE_CHECKING:
    from pathlib import Path


def test_the_login_name_goes_into_the_audit_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the number of a user without a name."""
    monkeypatch.setenv("LOGNAME", "eva")
    assert login_name() == "eva"

    def nobody() -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert login_name() == f"uid:{os.getuid()}"


def test_a_target_is_a_rate() -> None:
    """0.999 unless another is asked for."""
    assert targets(None).parity == 0.999
    assert targets(0.9).parity == 0.9
    for wrong in (0.0, 1.0, 99.9):
        with pytest.raises(UsageError, match="between 0 and 1"):
            targets(wrong)


def test_reading_makes_no_store(tmp_path: Path) -> None:
    """Where none is yet an empty one is read; one that is there is opened, and what is no store is refused."""
    path = tmp_path / "new" / "cutover.db"
    with read_store(path) as connection:
        assert FlagStore(connection).snapshot().flags == {}
    assert list(tmp_path.iterdir()) == []
    with closing(open_store(path)) as made:
        made.execute("INSERT INTO results VALUES ('r', 'probe', 1.0, 1, '{}')")
    with read_store(path) as connection:
        assert connection.execute("SELECT id FROM results").fetchone()[0] == "r"
    (tmp_path / "text").write_text("no store")
    with pytest.raises(ConfigError), read_store(tmp_path / "text"):
        pass
