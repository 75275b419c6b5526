"""Multipart against multipart."""

from __future__ import annotations

import pytest

from shadow.diff.multipart_body import diff
from shadow.normalise.content import read
from tests.shadow.cases import found_as


def form(*parts: tuple[str, str, str], boundary: str = "b") -> list[str]:
    """Header and body of a form: name, more of the disposition, data."""
    lines = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{data}\r\n'
        for name, more, data in parts
    )
    return [f"multipart/form-data; boundary={boundary}", f"{lines}--{boundary}--\r\n"]


ONE = ("a", "", "1")
FILE = ("f", '; filename="x"', "data")


def compared(ours: list[str], theirs: list[str]) -> list[str]:
    """Differences of two forms."""
    sides = [read((("content-type", kind),), body.encode()) for kind, body in (ours, theirs)]
    return found_as(list(diff(sides[0], sides[1], "body")))


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (form(ONE, FILE, boundary="other"), []),
        (form(FILE, ONE), ["body parts order"]),
        (form(ONE), ["body f missing"]),
        (form(ONE, FILE, ("g", "", "")), ["body g extra"]),
        (form(("a", "", "2"), FILE), ["body a.content changed"]),
        (form(ONE, ("f", '; filename="y"', "data")), ["body f.content-disposition changed"]),
        (form(ONE, FILE, ONE), ["body a[1] extra"]),
        (form(ONE, ("f", '; filename="x"\r\nX-A: 1', "data")), ["body f.x-a extra"]),
        (["multipart/form-data; boundary=b", "broken"], ["body parts changed"]),
    ],
)
def test_parts(theirs: list[str], expected: list[str]) -> None:
    """The boundary means nothing; parts are compared by name, each header and its bytes."""
    assert compared(form(ONE, FILE), theirs) == expected


def test_a_lost_part_header_is_missing() -> None:
    """A header that a part loses is named."""
    assert compared(form(("f", '"\r\nX-A: 1', "d")), form(("f", '"', "d"))) == ["body f.x-a missing"]


def test_equal_nonsense_is_equal() -> None:
    """Two bodies that are no multipart are equal when their bytes are."""
    assert compared(["multipart/form-data", "x"], ["multipart/form-data", "x"]) == []
