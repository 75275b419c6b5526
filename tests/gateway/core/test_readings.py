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
        "/files/a/%2e%2e/private/x",
        "/files/a/%252e%252e/private/x",
        "/files/a/..;/private/x",
        "/files/a/%c0%ae%c0%ae/private/x",
        "/files/%EF%BD%90rivate/x",
        "/files//private/x",
        "/files/./private/x",
        "/files/private/x%00.png",
        "/files/private/x%3Fy",
        "/files/private/x%23y",
        "/pub/%2e%2e%2ffiles/private/x",
        "/pub/%252e%252e%252ffiles/private/x",
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


def test_climbing_ends_at_the_root() -> None:
    """There is nothing above it."""
    assert "/files" in readings("/../../files/")


@given(st.text(max_size=60))
def test_every_path_has_readings(path: str) -> None:
    """They begin with a slash unless the path does not, and hold no escape that could still be resolved."""
    found = readings(path)
    assert found[0] == folded(path)
    assert all(reading.startswith("/") for reading in found[1:])
