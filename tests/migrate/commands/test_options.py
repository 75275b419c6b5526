from __future__ import annotations

import getpass
import os

import pytest

from gateway.core.errors import UsageError
from migrate.commands.options import login_name, targets


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
