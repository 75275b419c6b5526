"""Values that mean the same."""

from __future__ import annotations

import uuid
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.shadowing import like
from gateway.core.comparing import Like, Meaning
from gateway.core.observation import DifferenceKind
from shadow.diff import json_body
from shadow.diff.found import Found
from shadow.diff.meaning import Meanings, same
from tests.shadow.cases import found_as

U, V, W = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "abc")
WORDS = "The answer to your question is forty-two, give or take a few."


def token(**said: Any) -> str:
    """A signed token."""
    return jwt.encode({"iat": 1, "exp": 1801, **said}, "k" * 32)


@pytest.mark.parametrize(
    ("text", "legacy", "gateway"),
    [
        ("number 0.01", 1.0, 1.01),
        ("number 5%", 100, 95),
        ("timestamp", "2026-11-22T18:33:20Z", "2026-11-22T19:33:20+01:00"),
        ("timestamp", "2026-11-22T18:33:20.000", "2026-11-22T18:33:20"),
        ("timestamp 2s", "2026-11-22T18:33:20Z", "Sun, 22 Nov 2026 18:33:22 GMT"),
        ("timestamp 2s", 1_763_836_400, 1_763_836_402.0),
        ("uuid", U, V.upper()),
        ("jwt", token(sub="u"), token(sub="u", iat=7, exp=1807)),
        ("url", "http://localhost:8000/a?b=1#c", "https://gw.example/a?b=1#c"),
        ("url", "http://localhost", "https://gw.example/"),
        ("text", WORDS, WORDS[::-1]),
        ("text", "", "  "),
        ("text", '{"city": "Rome", "n": [1]}', '{"n": [2, 3], "city": "Paris"}'),
    ],
)
def test_the_same(text: str, legacy: Any, gateway: Any) -> None:
    """Other spellings of one meaning."""
    assert same(like(text), legacy, gateway)
    assert same(like(text), gateway, legacy)


@pytest.mark.parametrize(
    ("text", "legacy", "gateway"),
    [
        ("number 0.01", 1.0, 1.02),
        ("number 5%", 100, 94),
        ("number 5%", 100, "100"),
        ("number", 1, True),
        ("number 5%", 10**400, 1.5),
        ("timestamp", "2026-11-22T18:33:20Z", "2026-11-22T18:33:20"),
        ("timestamp", "2026-11-22T18:33:20Z", "2026-11-22T18:33:20+01:00"),
        ("timestamp 2s", "2026-11-22T18:33:20Z", "2026-11-22T18:33:23Z"),
        ("timestamp 2s", 1_763_836_400, "2025-11-22T18:33:20Z"),
        ("timestamp 2s", "yesterday", "today"),
        ("uuid", U, "none"),
        ("uuid", 1, 2),
        ("jwt", token(sub="u"), token(sub="v")),
        ("jwt", "a", "b"),
        ("url", "http://a/x", "http://b/y"),
        ("url", "http://a/x?n=1", "http://b/x?n=2"),
        ("url", "/x", "/y"),
        ("url", "http://[", "http://["),
        ("text", WORDS, ""),
        ("text", WORDS, WORDS * 11),
        ("text", '{"a": 1}', '{"a": "1"}'),
        ("text", '{"a": 1}', WORDS),
        ("text", "{" + WORDS, '{"a": 1}'),
    ],
)
def test_not_the_same(text: str, legacy: Any, gateway: Any) -> None:
    """Another meaning, another type, or no such thing at all."""
    assert not same(like(text), legacy, gateway)
    assert not same(like(text), gateway, legacy)


@given(st.sampled_from(Meaning), st.none() | st.booleans() | st.floats() | st.integers() | st.text())
@settings(deadline=None)
def test_types_are_never_excused(meaning: Meaning, value: Any) -> None:
    """A text for a number, null for a text: whatever is declared."""
    other = [None, True, "text", 1.5, [], {}]
    assert not any(
        same(Like(meaning, 1e9), value, one) for one in other if json_body.kind_of(one) != json_body.kind_of(value)
    )


def compared(legacy: Any, gateway: Any, **declared: str) -> list[str]:
    """The differences of two documents; meanings by member, of the document or, with `items_`, of its items."""
    places = {
        name.replace("items_", "$[*].") if name.startswith("items_") else f"$.{name}": like(text)
        for name, text in declared.items()
    }
    meanings = Meanings(places)
    found = json_body.diff(legacy, gateway, meanings=meanings)
    return found_as([*found, *meanings.unsettled()])


def test_only_the_declared_place_is_compared_by_meaning() -> None:
    """What looks like a UUID elsewhere is compared as it stands."""
    assert compared({"id": U, "own": U}, {"id": V, "own": V}, id="uuid") == ["body $.own changed"]


def test_a_uuid_has_one_partner() -> None:
    """Another one for the same, or the same for another, is a difference at the later place."""
    both = {"a": "uuid", "b": "uuid"}
    assert compared({"a": U, "b": U}, {"a": V, "b": V}, **both) == []
    assert compared({"a": U, "b": U}, {"a": V, "b": W}, **both) == ["body $.b changed"]
    assert compared({"a": U, "b": V}, {"a": W, "b": W}, **both) == ["body $.b changed"]
    assert compared({"a": U, "b": V, "c": 1}, {"a": U, "b": U, "c": 1}, **both) == ["body $.b changed"]


def test_made_ids_tell_no_items_apart() -> None:
    """Items are paired by what is left of them."""
    legacy = [{"id": U, "name": "x", "n": 1}, {"id": V, "name": "y", "n": 2}]
    gateway = [{"id": W, "name": "x", "n": 1}, {"id": U, "name": "y", "n": 3}]
    assert compared(legacy, gateway, items_id="uuid") == ["body $[name=y].n changed"]


def test_items_without_a_name_are_paired_by_what_is_not_made() -> None:
    """Alike items are looked at for their meanings, the rest as usual."""
    at = "2026-11-22T18:33:20Z"
    legacy = [{"n": 1.5, "at": at}, {"n": 2.5, "at": at}]
    moved = [{"n": 2.5, "at": "2026-11-22T19:33:20+01:00"}, {"n": 1.5, "at": "soon"}]
    assert compared(legacy, moved, items_at="timestamp") == ["body $ order", "body $[0].at changed"]
    assert compared(legacy, [legacy[0], {"n": 7.5, "at": at}], items_at="timestamp") == ["body $[1].n changed"]


@pytest.mark.parametrize(
    ("location", "path", "expected"),
    [
        ("header", "link", True),
        ("cookie", "sid.value", True),
        ("cookie", "link.value", False),
        ("body", "link", False),
    ],
)
def test_headers_and_cookies_have_places_too(location: str, path: str, *, expected: bool) -> None:
    """`header:NAME` and `cookie:NAME`, whose value changed."""
    meanings = Meanings({"header:link": Like(Meaning.URL), "cookie:sid": Like(Meaning.UUID)})
    values = (U, V) if location == "cookie" else ("http://a/x", "http://b/x")
    assert meanings.same_elsewhere(Found(location, path, DifferenceKind.CHANGED, *values)) is expected
    assert not meanings.same_elsewhere(Found(location, path, DifferenceKind.COUNT, *values))


@given(st.lists(st.uuids(), min_size=1, max_size=8))
@settings(deadline=None)
def test_other_uuids_throughout_are_no_difference(ids: list[uuid.UUID]) -> None:
    """A document with every UUID replaced by one of its own means the same."""
    fresh = {one: str(uuid.uuid5(one, "the other side's")) for one in ids}
    legacy = {"rows": [{"id": str(one), "at": place} for place, one in enumerate(ids)]}
    gateway = {"rows": [{"id": fresh[one], "at": place} for place, one in enumerate(ids)]}
    meanings = Meanings({"$.rows[*].id": Like(Meaning.UUID)})
    assert json_body.diff(legacy, gateway, meanings=meanings) == []
    assert list(meanings.unsettled()) == []
