from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import UsageError
from migrate.commands.disturbing import disturbances
from migrate.commands.options import login_name


def test_the_options_are_one_order() -> None:
    """Actions with the processes they mean; the store as an absolute path, since another process opens it."""
    given = disturbances(
        ["kill gateway at 10s", "flip *"], ["gateway=/run/g.pid"], ["gateway=systemctl start g"],
        store=Path("here.db"), max_failed=3, max_recovery=2.0,
    )  # fmt: skip
    assert given is not None
    assert [action.verb for action in given.actions] == ["kill", "flip"]
    assert (given.processes, given.restarts) == ({"gateway": "/run/g.pid"}, {"gateway": "systemctl start g"})
    assert (given.store, given.by) == (Path("here.db").absolute(), login_name())
    assert (given.failed_allowed("flip"), given.recovery_allowed) == (3, 2.0)


def test_without_an_action_there_is_no_order() -> None:
    """And a process that nothing happens to is a slip."""
    assert disturbances(None, None, None, store=Path("x"), max_failed=None, max_recovery=None) is None
    with pytest.raises(UsageError, match="add --during"):
        disturbances(None, ["gateway=1"], None, store=Path("x"), max_failed=None, max_recovery=None)
