from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.cleaning import clean
from loadtests.ledger import Entry
from loadtests.things import API_KEY, PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.calls import Call

PREFIX = "cutover-load-r1-"


class Keys:
    """A platform with API keys; `deaf` deletes nothing, `late` appears with the second look."""

    def __init__(self, *names: str, deaf: bool = False, late: str = "") -> None:
        self.rows = {name: f"id-{name}" for name in names}
        self.deaf, self.late, self.looks, self.deletes = deaf, late, 0, 0

    def send(self, call: Call, variables: Mapping[str, str]) -> tuple[int, bytes]:
        """Answer as the platform would."""
        if call is API_KEY.delete:
            self.deletes += 1
            if self.deaf:
                raise UnreachableError("nobody home")
            known = next((name for name, identity in self.rows.items() if identity == variables["id"]), None)
            self.rows.pop(known or "", None)
            return (204 if known else 404), b""
        self.looks += 1
        if self.late and self.looks > 2:
            self.rows[self.late], self.late = f"id-{self.late}", ""
        skip = int(variables["skip"])
        shown = [{"name": n, "id": i, "is_active": True} for n, i in self.rows.items()][skip : skip + PAGE]
        return 200, json.dumps(shown).encode()


def cleaned(keys: Keys, *entries: Entry) -> tuple[int, tuple[str, ...]]:
    """What cleaning these keys gives, without waiting."""
    found = clean([API_KEY], entries, PREFIX, keys.send, wait=lambda _: None)
    return found.deleted, found.left


def test_ids_that_are_known_are_deleted() -> None:
    """What the ledger knows goes first, and what others own stays."""
    keys = Keys(PREFIX + "1", "somebody's")
    assert cleaned(keys, Entry("API key", PREFIX + "1", f"id-{PREFIX}1")) == (1, ())
    assert set(keys.rows) == {"somebody's"}


def test_a_thing_whose_answer_was_lost_is_found_by_its_name() -> None:
    """Without an id, and without an entry at all, the run's prefix finds it, on whatever page it stands."""
    keys = Keys(*(f"other-{number}" for number in range(150)), PREFIX + "1", PREFIX + "2")
    assert cleaned(keys, Entry("API key", PREFIX + "1")) == (2, ())
    assert len(keys.rows) == 150


def test_what_is_made_late_is_waited_for() -> None:
    """A create that had no answer may still be under way: it is looked for again."""
    keys = Keys(late=PREFIX + "1")
    assert cleaned(keys, Entry("API key", PREFIX + "1")) == (1, ())
    assert keys.rows == {}


def test_what_stays_is_named() -> None:
    """Deleted is only what the list no longer shows; the rest is told by kind and name."""
    assert cleaned(Keys(PREFIX + "1", deaf=True)) == (0, (f"API key {PREFIX}1",))


def test_what_could_not_be_looked_for_is_told() -> None:
    """A list that fails proves nothing, so it is not taken for an empty one."""

    def send(_call: Call, _variables: Mapping[str, str]) -> tuple[int, bytes]:
        return 503, b""

    found = clean([API_KEY], (), PREFIX, send, wait=lambda _: None)
    assert found.left == ("whether any API key is left is not known: the list answered 503",)


@pytest.mark.parametrize("status", [200, 204, 404])
def test_gone_is_gone(status: int) -> None:
    """A delete that finds nothing has done its work."""
    looks = iter([[{"name": PREFIX + "1", "id": "i", "is_active": True}], []])

    def send(call: Call, _variables: Mapping[str, str]) -> tuple[int, bytes]:
        return (status, b"") if call is API_KEY.delete else (200, json.dumps(next(looks, [])).encode())

    assert clean([API_KEY], (), PREFIX, send, wait=lambda _: None).deleted == 1
