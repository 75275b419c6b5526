from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import BodySum, Exchange, Failure, Request, Response
from gateway.core.observation import Bucket
from gateway.store.counts import Served
from shadow.buckets import Ledger
from shadow.envelope import LENGTH, Copy, Counts, Envelope, Outcome, Wrote, decode, encode
from shadow.plan import Copying

TEXT = st.text(st.characters(max_codepoint=255), max_size=20)
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=4).map(tuple)
REQUESTS = st.builds(Request, TEXT, TEXT, HEADERS, st.binary(max_size=300), TEXT)
SUMS = st.none() | st.builds(BodySum, st.integers(0, 2**40), st.just("ab" * 32))
RESPONSES = st.builds(Response, st.integers(100, 599), HEADERS, st.binary(max_size=300), TEXT, st.booleans(), SUMS)
FAILURES = st.builds(Failure, TEXT, TEXT)
SECONDS = st.floats(0, 1e9)
EXCHANGES = st.builds(
    Exchange, TEXT, TEXT, REQUESTS, st.one_of(RESPONSES, FAILURES), SECONDS, SECONDS, SECONDS, frames=st.just(())
)
COPIES = st.builds(Copy, TEXT, st.dictionaries(TEXT, TEXT, max_size=3), st.sampled_from(Copying), TEXT, EXCHANGES)
WRITES = st.builds(Wrote, TEXT, SECONDS)
OUTCOMES = st.builds(Outcome, TEXT, st.sampled_from(Bucket), TEXT)


@given(st.one_of(COPIES, OUTCOMES, WRITES))
def test_what_is_sent_arrives_unchanged(envelope: Envelope) -> None:
    """Every envelope survives the way to the other process, byte for byte, behind its length."""
    frame = encode(envelope)
    assert int.from_bytes(frame[:LENGTH], "big") == len(frame) - LENGTH
    assert decode(frame[LENGTH:]) == envelope


def test_counts_arrive_unchanged() -> None:
    """A ledger and what was served survive the way too."""
    ledger = Ledger()
    ledger.open("a")
    counts = Counts("shadow:1", ledger, [Served("a", "legacy", 1, 2, 0, 0, 0.5)])
    assert decode(encode(counts)[LENGTH:]) == counts
