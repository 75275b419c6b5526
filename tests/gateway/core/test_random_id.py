"""Random identifiers."""

from __future__ import annotations

import os
import uuid

from gateway.core.random_id import random_id


def test_identifiers_are_uuids_of_version_4() -> None:
    """Each is random in all places but those that say its version and variant."""
    made = [uuid.UUID(random_id()) for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(4, uuid.RFC_4122)}
    assert len(set(made)) == 1000
    # In a thousand of them each digit takes every value; the variant takes four.
    assert [len({str(one)[at] for one in made}) for at in (0, 9, 14, 15, 19, 35)] == [16, 16, 1, 16, 4, 16]


def test_a_fork_does_not_go_on_with_its_parents_identifiers() -> None:
    """Parent and child never make the same one."""
    random_id()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, random_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 36).decode() != random_id()
    os.close(read)
    os.close(write)
