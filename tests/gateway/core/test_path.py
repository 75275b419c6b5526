from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.path import PathPattern

RAW = st.text(st.characters(codec="ascii", exclude_characters="/?#{} ", categories=("L", "N", "P", "S")), min_size=1)
LITERAL = st.from_regex(r"[a-z0-9_.%+()*-]{1,8}", fullmatch=True)


@st.composite
def patterns(draw: st.DrawFn) -> tuple[PathPattern, dict[str, str]]:
    """A pattern with values for its parameters."""
    kinds = draw(st.lists(st.booleans(), min_size=1, max_size=6))
    segments, values = [], {}
    for position, is_parameter in enumerate(kinds):
        if is_parameter:
            segments.append(f"{{p{position}}}")
            values[f"p{position}"] = draw(RAW)
        else:
            segments.append(draw(LITERAL))
    if draw(st.booleans()):
        segments.append("{rest*}")
        values["rest"] = "/".join(draw(st.lists(RAW, min_size=1, max_size=3)))
    return PathPattern("/" + "/".join(segments)), values


@given(patterns())
def test_filling_and_matching_are_inverse(case: tuple[PathPattern, dict[str, str]]) -> None:
    """A pattern finds in a filled path exactly the raw values that were put in."""
    pattern, values = case
    assert pattern.match(pattern.fill(values)) == values


@given(patterns())
def test_names_segments_and_rank_speak_of_the_same_pattern(case: tuple[PathPattern, dict[str, str]]) -> None:
    """Names are the parameters in order, and the rank has one figure for each segment."""
    pattern, values = case
    assert list(pattern.names) == list(values)
    assert len(pattern.rank()) == len(pattern.segments)
    assert "/" + "/".join(pattern.segments) == pattern.text


def test_an_encoded_slash_stays_in_its_segment() -> None:
    """%2F is part of a value, a plain slash is not."""
    pattern = PathPattern("/templates/{id}")
    assert pattern.match("/templates/a%2Fb") == {"id": "a%2Fb"}
    assert pattern.match("/templates/a/b") is None


def test_a_greedy_rest_takes_one_segment_or_more() -> None:
    """{rest*} takes slashes too, but never nothing."""
    pattern = PathPattern("/templates/{id*}")
    assert pattern.match("/templates/a") == {"id": "a"}
    assert pattern.match("/templates/brow%20tmpl/1") == {"id": "brow%20tmpl/1"}
    assert pattern.match("/templates/") is None


def test_literal_text_is_no_regular_expression() -> None:
    """A dot matches a dot, and the whole path has to match."""
    pattern = PathPattern("/v1.0/{id}")
    assert pattern.match("/v1x0/a") is None
    assert pattern.match("/v1.0/a\n") == {"id": "a\n"}
    assert pattern.match("/v1.0/a/more") is None


def test_equal_shapes_differ_in_names_only() -> None:
    """The shape blanks names and keeps greediness."""
    assert PathPattern("/a/{x}").shape == PathPattern("/a/{y}").shape
    assert PathPattern("/a/{x}").shape != PathPattern("/a/{x*}").shape


def test_a_missing_parameter_is_a_key_error() -> None:
    """Filling without a value says which one is missing."""
    with pytest.raises(KeyError, match="id"):
        PathPattern("/a/{id}").fill({})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pools", "start with '/'"),
        ("/pools?x=1", "query or fragment"),
        ("/pools#x", "query or fragment"),
        ("/pools/x{id}", "whole segment"),
        ("/pools/{}", "whole segment"),
        ("/pools/{id", "whole segment"),
        ("/{rest*}/x", "last segment"),
        ("/{a}/{a}", "twice"),
    ],
)
def test_a_bad_pattern_says_why(text: str, reason: str) -> None:
    """What is no pattern is refused with its reason."""
    with pytest.raises(ValueError, match=reason):
        PathPattern(text)
