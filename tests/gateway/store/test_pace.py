from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.store.database import open_store
from gateway.store.pace import ServicePace, paces, put_paces

if TYPE_CHECKING:
    from pathlib import Path


def test_the_last_word_on_each_service_is_kept(tmp_path: Path) -> None:
    """Nothing is known before it is said, and what is said replaces what was."""
    one, other = ServicePace("a", 0.5, 1.0, "a.list", 0.2, 0.1), ServicePace("b", 1.0, 1.0)
    with closing(open_store(tmp_path / "c.db")) as connection:
        assert paces(connection) == {}
        put_paces(connection, [one, other])
        assert paces(connection) == {"a": one, "b": other}
        put_paces(connection, [other])
        assert paces(connection) == {"b": other}
