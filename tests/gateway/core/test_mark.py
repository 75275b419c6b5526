from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mark import DRY_RUN, LIFETIME, READ, MarkVerifier, sign

KEY = b"k" * 32
NOW = 1_800_000_000.0


def made(**changes: object) -> str:
    """A genuine mark."""
    values = {"mode": READ, "method": "GET", "target": "/a?b=1", "body": b"x", "now": NOW, "client": "10.0.0.1"}
    return sign(KEY, **{**values, **changes})  # type: ignore[arg-type]


def verified(value: str, *, key: bytes = KEY, verifier: MarkVerifier | None = None, **changes: object) -> object:
    """What a verifier says of a value for the request it was made for."""
    values = {"method": "GET", "target": "/a?b=1", "body": b"x", "now": NOW}
    return (verifier or MarkVerifier(key)).verify(value, **{**values, **changes})  # type: ignore[arg-type]


@given(st.sampled_from([READ, DRY_RUN]), st.text(st.characters(codec="ascii")), st.binary(), st.text(max_size=20))
def test_a_genuine_mark_is_read_back(mode: str, target: str, body: bytes, client: str) -> None:
    """Mode, time and client come back as they were signed, whatever the client's address looks like."""
    value = made(mode=mode, target=target, body=body, client=client)
    mark = verified(value, target=target, body=body)
    assert (mark.mode, mark.at, mark.client) == (mode, NOW, client)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "other", [{"method": "POST"}, {"target": "/a?b=2"}, {"body": b"y"}, {"now": NOW + 31}, {"now": NOW - 31}]
)
def test_a_mark_holds_for_its_own_request_and_moment(other: dict[str, object]) -> None:
    """Another method, target, body or time is refused."""
    assert verified(made(), **other) is None


def test_a_dry_run_cannot_be_turned_into_a_delivery() -> None:
    """The mode is signed."""
    assert verified(made(mode=DRY_RUN).replace(DRY_RUN, READ, 1)) is None


@given(st.text())
def test_nonsense_is_refused(value: str) -> None:
    """No text but a genuine mark passes, and none raises."""
    assert verified(value) is None


def test_another_key_is_refused() -> None:
    """A mark of another installation is nobody's."""
    assert verified(made(), key=b"z" * 32) is None


def test_a_mark_counts_once() -> None:
    """A replayed mark is refused, also at the edge of its life."""
    verifier, value = MarkVerifier(KEY), made()
    assert verified(value, verifier=verifier) is not None
    assert verified(value, verifier=verifier) is None
    assert verified(value, verifier=verifier, now=NOW + LIFETIME) is None


def test_expired_nonces_are_forgotten_and_memory_is_bounded() -> None:
    """A full memory refuses new marks rather than forget live ones, and recovers as they expire."""
    verifier = MarkVerifier(KEY, capacity=2)
    assert verified(made(), verifier=verifier)
    assert verified(made(), verifier=verifier)
    assert verified(made(), verifier=verifier) is None
    later = NOW + 2 * LIFETIME + 1
    assert verified(made(now=later), verifier=verifier, now=later) is not None
