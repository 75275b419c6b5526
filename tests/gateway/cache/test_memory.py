"""Kept answers in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.freshness import Kept
from gateway.cache.memory import Memory


def entry(size: int = 0) -> Kept:
    """An entry with a body of so many bytes."""
    return Kept((), b"x" * size, 0.0, 0.0, 60.0, (), {})


def keep(memory: Memory, path: str, route: str = "r", size: int = 0, who: str = "a") -> tuple[str, ...]:
    """Keep an answer of a path; its key."""
    key = (route, path, who)
    memory.put(memory.begin(key, path), entry(size))
    return key


def test_entries_come_back() -> None:
    """What was put is found under its key, until it is forgotten."""
    memory = Memory()
    key = keep(memory, "/a")
    assert memory.get(key) is not None
    assert memory.get(("other", "/a", "a")) is None
    memory.forget(key)
    memory.forget(key)
    assert (memory.get(key), memory.bytes, len(memory)) == (None, 0, 0)


def test_least_recently_used_goes_first() -> None:
    """Over the limit, the entry that served longest ago is thrown out; what is larger than all is not kept."""
    memory = Memory(3 * entry(100).size)
    keys = [keep(memory, f"/{n}", size=100) for n in range(3)]
    memory.get(keys[0])
    keep(memory, "/3", size=100)
    assert [memory.get(key) is not None for key in keys] == [True, False, True]
    assert not memory.put(memory.begin(("r", "/big", "a"), "/big"), entry(10_000))


def test_write_ends_what_it_touches() -> None:
    """The path of a write, what is below it and what is above it end for every caller; neighbours stay."""
    memory = Memory()
    for path in ("/v1", "/v1/pools", "/v1/pools/1", "/v1/pools/1/nodes", "/v1/pools/2", "/v1/poolside"):
        keep(memory, path)
        keep(memory, path, who="b")
    memory.invalidate("/v1/pools/1")
    left = {key[1] for key in memory._entries}
    assert left == {"/v1/pools/2", "/v1/poolside"}
    assert len(memory) == 4


def test_write_ends_the_routes_it_names() -> None:
    """Globs over route ids reach entries of any path."""
    memory = Memory()
    keep(memory, "/a", "users.list")
    keep(memory, "/b", "users.get")
    keep(memory, "/c", "roles.list")
    memory.invalidate("/elsewhere", ("users.*",))
    assert {key[0] for key in memory._entries} == {"roles.list"}


def test_answer_from_before_a_write_is_not_kept() -> None:
    """A read that was on its way while a write passed may be from before it, and is not kept; a neighbour's is."""
    memory = Memory()
    fills = [memory.begin(("r", path, "a"), path) for path in ("/a", "/a/b", "/c")]
    memory.invalidate("/a/b")
    assert [memory.put(fill, entry()) for fill in fills] == [False, False, True]
    named = memory.begin(("users.list", "/x", "a"), "/x")
    memory.invalidate("/y", ("users.*",))
    assert not memory.put(named, entry())
    late = memory.begin(("r", "/a", "a"), "/a")
    memory.drop(late)
    memory.invalidate("/a")
    assert not late.late


_PATHS = st.sampled_from(["/a", "/a/b", "/a/b/c", "/d", "/d/e"])


@given(st.lists(st.tuples(st.sampled_from(["put", "get", "forget", "invalidate"]), _PATHS, st.integers(0, 800))))
def test_count_of_bytes_is_right_and_bounded(events: list[tuple[str, str, int]]) -> None:
    """After any history the bytes are the sum of the entries, within the limit, and no index entry is left over."""
    memory = Memory(5000)
    for kind, path, size in events:
        if kind == "put":
            keep(memory, path, size=size)
        elif kind == "invalidate":
            memory.invalidate(path)
        else:
            getattr(memory, kind)(("r", path, "a"))
        assert memory.bytes == sum(one.size for one, _ in memory._entries.values()) <= 5000
    for key in list(memory._entries):
        memory.forget(key)
    assert (memory.bytes, memory._below) == (0, {})
