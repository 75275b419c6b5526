from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.permissions import expanded, grants

WORDS = st.text("ab:*", max_size=6)


@pytest.mark.parametrize(
    ("held", "name", "granted"),
    [
        (["deployment:list"], "deployment:list", True),
        (["deployment:list"], "deployment:create", False),
        (["*"], "anything", True),
        (["deployment:*"], "deployment:create", True),
        (["deployment:*"], "deployment:logs:read", True),
        (["deployment:*"], "deployment", False),
        (["deployment:*"], "deployments:create", False),
        (["dep*"], "deployment:create", False),
        (["admin:all"], "deployment:create", True),
        (["admin"], "admin:all", False),
        ([], "deployment:create", False),
        (["a", "deployment:create"], "deployment:create", True),
    ],
)
def test_names_and_wildcards(held: list[str], name: str, granted: bool) -> None:  # noqa: FBT001 - a table of cases
    """A name grants itself, `*` everything, `x:*` what begins with `x:`, and the platform's own word all of them."""
    assert grants(held, name, "admin:all") is granted


def test_the_platforms_word_is_an_ordinary_name_where_none_is_declared() -> None:
    """Nothing grants everything by its looks."""
    assert not grants(["admin:all"], "deployment:create")


@given(st.lists(WORDS, max_size=4), st.sets(WORDS, max_size=6), WORDS)
def test_a_set_holds_exactly_what_is_granted(held: list[str], names: set[str], everything: str) -> None:
    """Working it out beforehand changes no answer."""
    assert expanded(held, names, everything) == {name for name in names if grants(held, name, everything)}
