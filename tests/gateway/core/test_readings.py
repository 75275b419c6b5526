"""Readings of a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.readings import folded, readings

SECRET = "/files/private/x"


@pytest.mark.parametrize(
    "path",
    [
        SECRET,
        "/files/PRIVATE/x",
        "/files/private/x/",
        "/files/private/x.",
        "/files/private./x",
        "/files/private/x%20",
        "/files/private%20/x",
        "/files/private;a=b/x",
        "/files/private/x;jsessionid=1",
        "/files/private%3Bx/x",
        "/files/%70rivate/x",
        "/files/%2570rivate/x",
        "/files/%252570rivate/x",
        "/files/private%2Fx",
        "/files/private%252Fx",
        "/files/private%5Cx",
        "/files/private%c0%afx",
        "/files/private%EF%BC%8Fx",
        "/files/%EF%BD%90rivate/x",
        "/files//private/x",
        "/files/private/x%00.png",
        "/files/private/x%3Fy",
        "/files/private/x%23y",
    ],
)
def test_each_trick_has_the_reading_it_aims_at(path: str) -> None:
    """Some server reads every one of these as the same path."""
    assert SECRET in readings(path)


@pytest.mark.parametrize("path", ["/files/privately/x", "/files/private", "/files/x", "/files/private-x", "/"])
def test_other_paths_are_other_paths(path: str) -> None:
    """Nothing is read into a path that it does not hold."""
    assert SECRET not in readings(path)
    assert folded(path) in readings(path)


@pytest.mark.parametrize(
    "path",
    [
        "/files/a/%2e%2e/private/x",
        "/files/a/%252e%252e/private/x",
        "/files/a/..;/private/x",
        "/files/a/%c0%ae%c0%ae/private/x",
        "/files/a/%EF%BC%8E%EF%BC%8E/private/x",
        "/files/a/..%5cprivate/x",
        "/files/./private/x",
        "/files/..",
        "/pub/%2e%2e%2ffiles/private/x",
        "/pub/%252e%252e%252ffiles/private/x",
        "/pub/%25252e%25252e",
    ],
)
def test_what_climbs_for_anybody_has_no_reading(path: str) -> None:
    """Where dot segments lead depends on when they are resolved."""
    assert readings(path) == ()


@given(st.text(max_size=60))
def test_every_path_has_readings(path: str) -> None:
    """Unless it climbs for somebody; all but the undecoded one begin with a slash."""
    found = readings(path)
    assert not found or found[0] == folded(path)
    assert all(reading.startswith("/") for reading in found[1:])
