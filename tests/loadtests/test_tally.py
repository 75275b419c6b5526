from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from loadtests.tally import REASONS, Place, Tally

ANSWERS = st.lists(
    st.tuples(
        st.builds(Place, st.integers(0, 3), st.sampled_from(["legacy", "gateway"]), st.sampled_from(["a", "b"])),
        st.floats(0.02, 5000),
        st.sampled_from(["", "", "HTTP 503", "no answer"]),
        st.dictionaries(st.sampled_from(["first_token", "gap"]), st.floats(0.02, 500)),
    ),
    max_size=30,
)
type Answers = list[tuple[Place, float, str, dict[str, float]]]


def tally_of(answers: Answers) -> Tally:
    """A tally that counted these."""
    out = Tally()
    for answer in answers:
        out.count(*answer)
    return out


def test_answers_are_counted_where_they_belong() -> None:
    """Slices of one side are taken together, and a side without traffic is there all the same."""
    tally = tally_of([
        (Place(0, "gateway", "a"), 5.0, "", {"first_token": 2.0}),
        (Place(1, "gateway", "a"), 6.0, "HTTP 503", {}),
        (Place(0, "gateway", "b"), 7.0, "", {}),
    ])  # fmt: skip
    sides = tally.sides({"gateway": 2.0, "legacy": 1.0})
    route = sides["gateway"].routes["a"]
    assert (route.requests, route.failures, route.errors) == (2, 1, {"HTTP 503": 1})
    assert route.timings["first_token"].total == 1
    assert (sides["gateway"].overall.requests, sides["gateway"].seconds) == (3, 2.0)
    assert sides["legacy"].routes == {}
    assert (tally.histogram.total, tally.failures) == (3, 1)
    assert tally.counts[Place(1, "gateway", "a")].errors == {"HTTP 503": 1}


@given(ANSWERS)
def test_the_json_round_trip_keeps_everything(answers: Answers) -> None:
    """What a worker sends is what its master reads."""
    tally = tally_of(answers)
    assert Tally.from_json(json.loads(json.dumps(tally.to_json()))) == tally


@given(ANSWERS, ANSWERS)
def test_merged_tallies_are_the_tally_of_everything(ours: Answers, theirs: Answers) -> None:
    """Two workers' counts are those of one that had answered both; the merged one is untouched."""
    merged, other = tally_of(ours), tally_of(theirs)
    merged.merge(other)
    merged.count(Place(0, "gateway", "a"), 1.0, "later", {"gap": 1.0})
    assert other == tally_of(theirs)
    assert merged == tally_of([*ours, *theirs, (Place(0, "gateway", "a"), 1.0, "later", {"gap": 1.0})])


def test_error_texts_are_bounded() -> None:
    """A thousand different texts fill no memory, in one process or merged, and none of the errors is lost."""
    master = Tally()
    for worker in range(2):
        tally = Tally()
        for number in range(1000):
            tally.count(Place(0, "gateway", "a"), 1.0, f"error {worker} {number} " + "x" * 500)
        master.merge(tally)
    errors = master.counts[Place(0, "gateway", "a")].errors
    assert len(errors) <= REASONS + 1
    assert sum(errors.values()) == 2000
    assert max(len(text) for text in errors) <= 120
