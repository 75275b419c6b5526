from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.idempotency import Idempotency
from tests.apps.route_tables import GOOD, changed, table

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

LISTEN = "  listen: 127.0.0.1:8800\n"


def test_the_terms_arrive() -> None:
    """Times and sizes carry their units."""
    text = GOOD.replace(LISTEN, LISTEN + "  idempotency: {keep: 2h, lease: 10s, max_answer: 64KiB}\n")
    loaded: RouteTable = table(text)  # type: ignore[assignment]
    assert loaded.policy.idempotency == Idempotency(keep=7200.0, lease=10.0, max_answer=65_536)


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ("{lease: 1s}", "gateway: idempotency: a lease of 1 s lapses by itself; write 3s or more"),
        ("{keep: 5s}", "gateway: idempotency: a key is forgotten before its lease ends; write a time longer"),
        ("{max_answer: 1}", "gateway: idempotency: max_answer '1' is no size"),
        ("{for: 1h}", "gateway: idempotency: key for is not known"),
    ],
)
def test_terms_that_cannot_work_are_told(terms: str, problem: str) -> None:
    """Each with its line and what to write instead."""
    found = changed(LISTEN, LISTEN + f"  idempotency: {terms}\n")
    assert any(problem in text for text in found), found
