from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.recording.tnetstring import BrokenError, parse
from tests.apps.recordings import netstring

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_is_read_back(value: Any) -> None:
    """What is written as a typed netstring is read as it was."""
    assert parse(netstring(value)) == (value, len(netstring(value)))


@given(VALUES, st.data())
def test_a_cut_value_is_broken_within_the_file(value: Any, data: st.DataObject) -> None:
    """Every cut is reported as broken, with an offset inside what is left."""
    whole = netstring(value)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(BrokenError) as caught:
        parse(cut)
    assert 0 <= caught.value.offset <= len(cut)


@given(st.binary(max_size=60))
def test_rubbish_is_read_or_broken(data: bytes) -> None:
    """Any bytes give a value or a BrokenError, nothing else."""
    try:
        parse(data)
    except BrokenError:
        return


def test_keys_may_be_bytes() -> None:
    """Older flow files write dictionary keys as bytes; they become str."""
    assert parse(b"8:1:a,1:1#}")[0] == {"a": 1}


@pytest.mark.parametrize("data", [b"99999999999999:x,", b"1:x?", b"4:1:a,}", b"1:x#", b"x", b"4:9:a,]"])
def test_malformed_values_are_broken(data: bytes) -> None:
    """Absurd lengths, unknown types, keys without values and numbers that are none are broken."""
    with pytest.raises(BrokenError):
        parse(data)


def test_deep_nesting_is_broken() -> None:
    """A value nested a thousand deep is refused before the stack is."""
    data = b"0:~"
    for _ in range(1000):
        data = str(len(data)).encode() + b":" + data + b"]"
    with pytest.raises(BrokenError, match="too deeply"):
        parse(data)
