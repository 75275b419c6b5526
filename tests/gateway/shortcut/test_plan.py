"""What makes a request plain, and how its bytes are cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.caller import ANONYMOUS, Caller
from gateway.core.exchange import Request
from gateway.core.reuse import Caching
from gateway.core.routes import Access, Effect, Kind, Lookup
from gateway.shortcut.plan import _cut, is_plain
from tests.apps.table import place, route

PLAIN = route("get", "compute", "GET /a", "GET /a")
USER, GET = Caller("jwt", "user-1"), Request("GET", "/a")


@pytest.mark.parametrize(
    "changes",
    [
        {"effect": Effect.WRITE},
        {"effect": Effect.METERED},
        {"kind": Kind.SSE},
        {"kind": Kind.WEBSOCKET},
        {"access": Access.API_KEY},
        {"access": Access.INTERNAL},
        {"health": True},
        {"coalesce": True},
        {"cache": Caching()},
        {"rewrites": ("$.ws_url",)},
        {"lookups": (Lookup("get", ("org",), place("path.id")),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_only_plain_reads_are_plain(changes: dict[str, Any]) -> None:
    """Whatever depends on more than the head, the table and the time is not."""
    assert is_plain(PLAIN, USER, GET)
    assert not is_plain(replace(PLAIN, **changes), USER, GET)


def test_caller_and_method_count() -> None:
    """Only GET, and only of somebody who is known where somebody must be."""
    assert not is_plain(PLAIN, ANONYMOUS, GET)
    assert not is_plain(PLAIN, Caller("ticket", "user-1"), GET)
    assert not is_plain(PLAIN, USER, Request("HEAD", "/a"))
    assert is_plain(replace(PLAIN, access=Access.PUBLIC), ANONYMOUS, GET)


def test_request_is_cut_where_it_changes() -> None:
    """Around trace, span, context and id, in this order; the signed context may be absent."""
    assert _cut("a T b S c C d R e", "T", "S", "C", "R") == ("a ", " b ", " c ", " d ", " e")
    assert _cut("a T b S c R e", "T", "S", None, "R") == ("a ", " b ", "", " c ", " e")


@pytest.mark.parametrize("text", ["a S b T c C d R", "a T b S c C d", "a T b S c C d R and R again", "T S T C R"])
def test_request_that_cannot_be_told_apart_is_not_cut(text: str) -> None:
    """A value that is absent, out of order or there twice."""
    assert _cut(text, "T", "S", "C", "R") is None
