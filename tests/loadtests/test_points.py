from __future__ import annotations

import json

from loadtests.points import Point


def test_a_point_is_a_short_list() -> None:
    """In the order of the fields, so that it is read back."""
    point = Point(1.25, "gateway", 10, 1, 20.0, 5.0, 6.0, 7.0)
    assert Point(*json.loads(json.dumps(point.to_json()))) == point
