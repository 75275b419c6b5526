from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers, AnswerShape
from gateway.core.noise import Noise, Place
from gateway.core.observation import Bucket, Observation, Rule, Verdict
from gateway.store import audit, counts, observations
from gateway.store.answer_shapes import known_answers
from gateway.store.browse import browse
from gateway.store.counts import Refusal, Served
from gateway.store.database import open_store
from gateway.store.noise import Lesson, Seen
from gateway.store.pace import ServicePace, paces
from shadow import recorder as module
from shadow.buckets import Ledger
from shadow.copying import Done
from shadow.envelope import Outcome
from shadow.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SERVED = Served("a", "legacy", 7, 1, 0, 0, 0.5)
REFUSAL = Refusal("a", "u-1", 403, "Forbidden", 1, 10.0, 10.0)


def seen(identity: str) -> Observation:
    """An observation."""
    return Observation(identity, "a", 1.0, Verdict.MATCH, "read", "live", "d")


def filled(store: Path) -> Recorder:
    """A recorder with one of everything."""
    recorder = Recorder(store)
    ledger = Ledger()
    ledger.open("a")
    recorder.observed(seen("1"))
    recorder.refused(REFUSAL)
    recorder.served([SERVED])
    recorder.counted("s", ledger)
    return recorder


def test_a_batch_is_stored_whole_and_rules_are_read(tmp_path: Path) -> None:
    """Observations, refusals, counts and buckets reach the store; the reviewed rules come back."""
    store = tmp_path / "c.db"
    connection = open_store(store)
    observations.put_rule(connection, Rule("sig", "expected", "me", "why", 1.0))
    recorder = filled(store)
    assert recorder.write(recorder.take())
    assert [o.id for o in browse(connection)] == ["1"]
    assert counts.refusals(connection) == [REFUSAL]
    assert counts.served(connection) == [SERVED]
    assert counts.buckets(connection) == {("a", "pending", ""): 1}
    assert set(recorder.rules) == {"sig"}
    recorder.close()
    connection.close()


def test_nothing_counts_as_compared_before_its_observation_is_stored(tmp_path: Path) -> None:
    """The buckets are written after what they count; when that fails they wait with it."""
    store = tmp_path / "c.db"
    with closing(open_store(store)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON observations BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        recorder = filled(store)
        batch = recorder.take()
        assert not recorder.write(batch)
        assert counts.buckets(connection) == {}
        connection.execute("DROP TRIGGER full")
        assert recorder.write(batch)
        assert [o.id for o in browse(connection)] == ["1"]
        assert counts.buckets(connection) == {("a", "pending", ""): 1}
        recorder.close()


def test_what_the_store_does_not_take_is_kept(tmp_path: Path) -> None:
    """A batch that fails is put back in front of what came meanwhile and written once when the store is back."""
    blocked = tmp_path / "dir"
    blocked.write_text("a file where the directory belongs")
    recorder = filled(blocked / "c.db")
    batch = recorder.take()
    assert not recorder.write(batch)
    recorder.observed(seen("2"))
    recorder.put_back(batch)
    blocked.unlink()
    again = recorder.take()
    assert [o.id for o in again.observations] == ["1", "2"]
    assert recorder.write(again)
    recorder.put_back(again)
    assert recorder.write(recorder.take())
    recorder.close()
    connection = open_store(blocked / "c.db")
    assert counts.served(connection) == [SERVED]
    assert counts.refusals(connection) == [REFUSAL]
    connection.close()


def test_memory_is_bounded_while_the_store_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest observations go, and they are counted."""
    monkeypatch.setattr(module, "_KEPT", 3)
    recorder = Recorder(tmp_path / "c.db")
    for number in range(5):
        recorder.observed(seen(str(number)))
    assert [o.id for o in recorder.take().observations] == ["2", "3", "4"]
    assert recorder.lost == 2


def test_the_pace_is_written_when_it_changes_or_was_not_said_for_a_while(tmp_path: Path) -> None:
    """A pace that stays is not written twice a second."""
    recorder = Recorder(tmp_path / "c.db")
    written = []
    for at, share in ((0.0, 1.0), (0.5, 1.0), (1.0, 0.5), (1.5, 0.5), (20.0, 0.5)):
        recorder.paced([ServicePace("a", share, at)])
        batch = recorder.take()
        written += [pace.at for pace in batch.paces]
        assert recorder.write(batch)
    assert written == [0.0, 1.0, 20.0]
    recorder.close()
    with closing(open_store(tmp_path / "c.db")) as connection:
        assert paces(connection) == {"a": ServicePace("a", 0.5, 20.0)}


def test_what_was_learned_reaches_the_store_and_comes_back(tmp_path: Path) -> None:
    """A lesson is written with its batch; what is known after it is what the next pairs are judged by."""
    recorder = Recorder(tmp_path / "c.db")
    place = Place("body", "$.n", "changed")
    recorder.taught(Lesson("a", "d", 1.0, {place: Seen(legacy=True, gateway=False)}))
    assert recorder.write(recorder.take())
    assert recorder.noise == {("a", "d", place): Noise(1, 1, 0, 0)}
    recorder.close()


def test_it_is_said_why_nothing_is_recorded_and_kept_what_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line when it begins, one when it is over; the gap goes into the audit trail with what was given up."""
    monkeypatch.setattr(module, "_KEPT", 3)
    blocked, said = tmp_path / "dir", []
    blocked.write_text("a file where the directory belongs")
    recorder = Recorder(blocked / "c.db", say=said.append)
    for number in range(5):
        recorder.observed(seen(str(number)))
        if not recorder.write(batch := recorder.take()):
            recorder.put_back(batch)
    assert len(said) == 1
    assert "cannot record: " in said[0]
    assert recorder.outage
    blocked.unlink()
    assert recorder.write(recorder.take())
    assert recorder.outage is None
    assert "records again" in said[1]
    recorder.close()
    with closing(open_store(blocked / "c.db")) as connection:
        (entry,) = audit.trail(connection)
        assert (entry.action, entry.detail["lost"]) == ("record", 2)


def test_what_waits_is_added_up(tmp_path: Path) -> None:
    """Refusals of one kind and what one side served in a minute take one place each while the store is away."""
    recorder = Recorder(tmp_path / "c.db")
    recorder.refused(REFUSAL)
    recorder.served([SERVED, SERVED])
    batch = recorder.take()
    recorder.refused(replace(REFUSAL, first_seen=12.0, last_seen=12.0))
    recorder.served([SERVED])
    recorder.put_back(batch)
    assert recorder.write(recorder.take())
    recorder.close()
    with closing(open_store(tmp_path / "c.db")) as connection:
        assert counts.refusals(connection) == [replace(REFUSAL, count=2, last_seen=12.0)]
        assert [(entry.requests, entry.seconds) for entry in counts.served(connection)] == [(3, 1.5)]


def test_shapes_of_answers_reach_the_store_and_come_back(tmp_path: Path) -> None:
    """What legacy's answers to writes look like is known to the next checks, also after the store was away."""
    recorder = Recorder(tmp_path / "c.db")
    one = Answers({("a", 201): AnswerShape(1)})
    recorder.done(Done(Outcome("1", Bucket.COMPARED), seen("1"), answers=one))
    batch = recorder.take()
    recorder.shown(one)
    recorder.put_back(batch)
    assert recorder.write(recorder.take())
    assert recorder.answers == one + one
    recorder.close()
    with closing(open_store(tmp_path / "c.db")) as connection:
        assert known_answers(connection) == one + one
        assert [o.id for o in browse(connection)] == ["1"]
