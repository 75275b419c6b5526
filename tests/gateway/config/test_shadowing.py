"""The `shadow:` section of a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.config.problem import Wrong
from gateway.config.shadowing import compared_place, like
from gateway.core.comparing import Like, Meaning
from gateway.core.errors import ConfigError
from tests.apps.shadowed import write_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uuid", Like(Meaning.UUID)),
        ("number", Like(Meaning.NUMBER)),
        ("number 0.01", Like(Meaning.NUMBER, 0.01)),
        ("number 5%", Like(Meaning.NUMBER, 0.05, relative=True)),
        ("timestamp  2s", Like(Meaning.TIMESTAMP, 2.0)),
    ],
)
def test_a_meaning_may_say_how_far_apart(text: str, expected: Like) -> None:
    """Numbers take a difference or a share, timestamps a duration."""
    assert like(text) == expected


@pytest.mark.parametrize(
    "text", ["uid", "number x", "number -1", "number inf", "timestamp 2", "uuid 3", "number 120%"]
)
def test_an_unknown_meaning_is_refused(text: str) -> None:
    """The set is closed, and only two of it have a distance."""
    with pytest.raises(Wrong):
        like(text)


@pytest.mark.parametrize("text", ["$", "$.a", "$[*].a-b.c", "cookie:sid"])
def test_a_place_is_taken_as_written(text: str) -> None:
    """JSON paths and cookie names have case."""
    assert compared_place(text) == text
    assert compared_place("header:ETag") == "header:etag"


@pytest.mark.parametrize("text", ["a", "$.", "$[0].a", "header:", "status:200", "$.a b"])
def test_another_place_is_refused(text: str) -> None:
    """Positions, other locations and empty names are none."""
    with pytest.raises(Wrong):
        compared_place(text)


def table(directory: Path, shadow: str) -> Path:
    """A table with one route whose shadow section is this."""
    route = "  - {id: a, service: svc, legacy: GET /a, gateway: GET /b, effect: read, access: public, shadow: "
    return write_table(directory, "127.0.0.1:1", routes=f"{route}{shadow}}}\n")


def test_the_section_is_read(tmp_path: Path) -> None:
    """Every key of it stands in the route's policy."""
    text = "{mode: off, sample: 10%, identity: {$: id}, compare: {'$[*].at': timestamp 1s, 'header:X': url}}"
    found = load_table(table(tmp_path, text)).routes[0].shadow
    assert (found.mode, found.sample, found.identity) == ("off", 0.1, {"$": "id"})
    assert found.compare == {"$[*].at": Like(Meaning.TIMESTAMP, 1.0), "header:x": Like(Meaning.URL)}


def test_what_tells_items_apart_is_not_compared_by_meaning(tmp_path: Path) -> None:
    """An id cannot both pair two items and be another one on each side."""
    with pytest.raises(ConfigError, match=r"id tells the items of \$ apart"):
        load_table(table(tmp_path, "{identity: {$: id}, compare: {'$[*].id': uuid}}"))
