from __future__ import annotations

import json

from reports.preview import Neighbour, Preview, Values
from reports.render_preview import document, text

NEAR = Neighbour("abc", "pools.get", "body \x1b[2J changed", 7, open=True)
FULL = Preview(
    signature="s",
    route="pools.list",
    what="body $.a missing",
    observed=9,
    agreeing=6,
    still=3,
    pairs=5,
    older=2,
    because=(NEAR,),
    samples=9,
    values=tuple(Values("$.a", "text", "nothing", n, ("x", "")) for n in range(9, 1, -1)),
    uncompared="everything beneath $.a: one side does not have it",
    beneath=(NEAR,),
    elsewhere=(NEAR, NEAR),
)


def test_all_of_it_is_in_the_text() -> None:
    """With recorded controls as escapes, and long lists cut with how many are left out."""
    said = text(FULL)
    parts = [
        "9 observations", "in 2 of older", "6 of them", "5 pairs", "3 stay a mismatch because of abc", "x → ∅",
        "and 3 more", "beneath it nobody looks at everything beneath $.a", "pools.get", "7 times, open",
    ]  # fmt: skip
    for part in parts:
        assert part in said
    assert "\x1b" not in said


def test_a_refusal_is_one_line_more() -> None:
    """It has no observations to replay."""
    assert "3 refusals of 2 subjects" in text(Preview("s", "r", "would refuse", observed=3, subjects=2))


def test_programs_get_every_field() -> None:
    """As JSON."""
    found = json.loads(json.dumps(document(FULL)))
    assert found["because"][0]["open"] is True
    assert len(found["values"]) == 8
