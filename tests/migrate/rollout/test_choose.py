from __future__ import annotations

import pytest

from gateway.core.errors import UsageError
from migrate.rollout.choose import chosen
from tests.apps.route_tables import table


def test_ids_and_globs_choose_in_table_order() -> None:
    """Each route once."""
    assert [route.id for route in chosen(table(), ["pools.delete", "pools.*"])] == ["pools.list", "pools.delete"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pools.lst", "did you mean pools.list"),
        ("zzz", "`cutover routes` lists them"),
        ("nodes.beat", "internal: it is never exposed"),
        ("zzz.*", "no route"),
    ],
)
def test_a_name_for_nothing_is_refused_with_a_hint(name: str, reason: str) -> None:
    """Also beside good ones."""
    with pytest.raises(UsageError, match=reason):
        chosen(table(), ["pools.list", name])
