"""Values by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.diff.named import diff, shown
from tests.shadow.cases import found_as

VALUES = st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("12"), min_size=1))


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (["1"], ["1"], []),
        (["1"], [], ["x a missing"]),
        ([], ["1"], ["x a extra"]),
        (["1"], ["2"], ["x a changed"]),
        (["1", "2"], ["2"], ["x a count"]),
        (["1", "2"], ["2", "1"], ["x a order"]),
    ],
)
def test_the_values_of_a_name_are_a_list(legacy: list[str], gateway: list[str], expected: list[str]) -> None:
    """Lost, added, changed, repeated another number of times and reordered values are told apart."""
    assert found_as(list(diff({"a": legacy}, {"a": gateway}, "x"))) == expected


@given(VALUES, VALUES)
def test_every_name_that_differs_is_found_once(legacy: dict[str, list[str]], gateway: dict[str, list[str]]) -> None:
    """Nothing differs from itself; else each differing name has one place."""
    assert list(diff(legacy, legacy, "x")) == []
    differing = {name for name in {*legacy, *gateway} if legacy.get(name, []) != gateway.get(name, [])}
    found = [item.path for item in diff(legacy, gateway, "x")]
    assert sorted(found) == sorted(differing)


def test_a_single_value_is_shown_without_its_list() -> None:
    """One as itself, several as they are, none as nothing."""
    assert [shown([]), shown(["1"]), shown(["1", "2"])] == [None, "1", ["1", "2"]]
