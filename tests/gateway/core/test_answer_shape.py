from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.answer_shape import PLACES, Answers, AnswerShape, Node, parent

NODES = st.builds(
    Node,
    st.integers(0, 9),
    st.frozensets(st.sampled_from(["object", "string", "null", "number"])),
    st.integers(0, 9),
)
PATHS = st.sampled_from(["$", "$.a", "$.a[*]", "$.a[*].b", "$.*"])
SHAPES = st.builds(
    AnswerShape,
    st.integers(0, 9),
    st.frozensets(st.sampled_from(["", "application/json"])),
    st.dictionaries(PATHS, NODES),
)


@given(SHAPES, SHAPES, SHAPES)
def test_shapes_add_up_in_any_order(one: AnswerShape, two: AnswerShape, three: AnswerShape) -> None:
    """Two shadows that learn in turns know the same in the end."""
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + AnswerShape() == one


@given(SHAPES)
def test_a_shape_survives_the_store(shape: AnswerShape) -> None:
    """What is written is read."""
    assert AnswerShape.from_json(json.loads(json.dumps(shape.to_json()))) == shape


def test_a_shape_is_bounded() -> None:
    """Beyond its places it keeps no new one and says so; what it has goes on being counted."""
    many = AnswerShape(1, frozenset(), {f"$.m{number}": Node(1) for number in range(PLACES)})
    assert not many.full
    more = many + AnswerShape(1, frozenset(), {"$.new": Node(1), "$.m0": Node(1)})
    assert more.full
    assert (len(more.places), more.places["$.m0"].seen) == (PLACES, 2)
    assert (more + AnswerShape()).full


def test_the_place_around_a_place() -> None:
    """A member stands in its object, an item in its list, the body in the answer."""
    assert [parent(path) for path in ("$", "$.a", "$.a[*]", "$.a[*].b", "$[*]")] == ["", "$", "$.a", "$.a[*]", "$"]


def test_answers_add_up_by_route_and_status() -> None:
    """What was learned of one status says nothing of another."""
    one = AnswerShape(1)
    both = Answers({("a", 200): one}) + Answers({("a", 200): one, ("a", 201): one})
    assert {key: shape.answers for key, shape in both.shapes.items()} == {("a", 200): 2, ("a", 201): 1}
