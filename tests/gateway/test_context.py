"""What a service is told about the caller."""

from __future__ import annotations

import uuid

import pytest

from gateway.caller import ANONYMOUS, Caller
from gateway.context import context_headers, request_id
from tests.apps.table import service

WITH_KEY = service("a", "http://a")
WITHOUT = service("a", "http://a", internal_key=False)


def test_verified_user_is_told() -> None:
    """User, organisation and roles of a verified user travel with the internal key."""
    caller = Caller("jwt", "u", "o", ("admin", "member"))
    assert context_headers(caller, WITH_KEY, "key") == (
        ("X-User-ID", "u"),
        ("X-Organization-ID", "o"),
        ("X-User-Role", "admin,member"),
        ("X-Internal-API-Key", "key"),
    )


@pytest.mark.parametrize("caller", [ANONYMOUS, Caller("api-key", "fp:1")])
def test_nobody_is_made_up(caller: Caller) -> None:
    """Without a verified user only the internal key travels, and only to services that take it."""
    assert context_headers(caller, WITH_KEY, "key") == (("X-Internal-API-Key", "key"),)
    assert context_headers(caller, WITHOUT, "key") == ()


@pytest.mark.parametrize("given", ["abc", "0" * 128, "a-b_c.d:e/f+g=h@i"])
def test_sane_request_id_is_kept(given: str) -> None:
    """A short printable id of the client stays."""
    assert request_id((("x-request-id", given),)) == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "ä", "a\tb", '"'])
def test_other_request_ids_are_replaced(given: str) -> None:
    """Anything else is replaced by a new UUID."""
    assert uuid.UUID(request_id((("X-Request-ID", given),)))
    assert uuid.UUID(request_id(()))
