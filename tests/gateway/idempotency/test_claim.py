from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.idempotency.claim import Asked, Entry, Found, State, Verdict, judge, kept, writable

ENTRY = Entry("owner", "head", "body", "holder")
DONE = replace(ENTRY, state=State.DONE)
ASKED = Asked("slot", "head", "body", "holder", verified=True)


def test_a_free_key_is_claimed() -> None:
    """Nobody stands in the way."""
    assert judge(None, ASKED) is Verdict.CLAIMED


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Found(ENTRY), Verdict.IN_FLIGHT),
        (Found(ENTRY, lapsed=True), Verdict.UNKNOWN),
        (Found(replace(ENTRY, state=State.UNKNOWN)), Verdict.UNKNOWN),
        (Found(DONE), Verdict.REPLAYED),
        (Found(DONE, lapsed=True), Verdict.REPLAYED),
    ],
)
def test_the_same_request_meets_what_became_of_the_first(found: Found, verdict: Verdict) -> None:
    """Under way, lost, or answered."""
    assert judge(found, ASKED) is verdict


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("other", [{"head": "other"}, {"body": "other"}])
def test_another_request_is_told_so_in_every_state(state: State, other: dict[str, str]) -> None:
    """Another method, target or body under the same key."""
    assert judge(Found(replace(ENTRY, state=state)), replace(ASKED, **other)) is Verdict.MISMATCH  # type: ignore[arg-type]


def test_a_body_that_still_streams_is_compared_only_with_an_answered_request() -> None:
    """In flight it is refused without being read."""
    coming = replace(ASKED, body="")
    assert judge(Found(ENTRY), coming) is Verdict.IN_FLIGHT
    assert judge(Found(DONE), coming) is Verdict.COMPARE
    assert judge(Found(replace(ENTRY, body="")), ASKED) is Verdict.IN_FLIGHT


def test_an_answer_goes_to_whoever_proved_who_they_are_or_holds_the_same_credential() -> None:
    """A token that was only read, and is another one, gets nothing."""
    read_only = replace(ASKED, verified=False)
    assert judge(Found(DONE), read_only) is Verdict.REPLAYED
    assert judge(Found(DONE), replace(read_only, holder="other")) is Verdict.WITHHELD
    assert judge(Found(DONE), replace(ASKED, holder="other")) is Verdict.REPLAYED


def test_an_entry_is_its_owners() -> None:
    """Nobody writes over it."""
    assert writable(None, "a")
    assert writable(ENTRY, "owner")
    assert not writable(ENTRY, "a")


def test_final_answers_are_kept() -> None:
    """All but those that ask for the same request again: with a right, later, elsewhere."""
    assert {status for status in range(200, 600) if not kept(status)} == {307, 308, 401, 403, 408, 425, 429}


class Retries(RuleBasedStateMachine):
    """Attempts with one key on paths that share a ledger; any may die, hang, be refused or never arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Entry | None = None
        self.lapsed = False
        self.flying: dict[str, str] = {}
        self.delivered = 0
        self.freed = 0
        self.count = 0
        self.replays: list[bytes] = []
        self.answers: list[bytes] = []

    @rule(verified=st.booleans(), holder=st.sampled_from(["holder", "other"]), whole=st.booleans())
    def attempt(self, verified: bool, holder: str, whole: bool) -> None:  # noqa: FBT001 - drawn
        """A request comes in; it is delivered exactly when it takes the claim."""
        asked = Asked("slot", "head", "body" if whole else "", holder, verified)
        verdict = judge(Found(self.ledger, self.lapsed) if self.ledger else None, asked)
        if verdict is Verdict.CLAIMED:
            self.count += 1
            owner = f"owner-{self.count}"
            self.ledger, self.lapsed = Entry(owner, "head", "body", holder), False
            self.flying[owner] = holder
            self.delivered += 1
        elif verdict is Verdict.REPLAYED:
            assert self.ledger
            self.replays.append(self.ledger.answer)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), status=st.sampled_from([200, 201, 204, 404, 409, 422, 500, 503, 307, 401, 429]))
    def answer(self, data: st.DataObject, status: int) -> None:
        """The service answers one of those in flight."""
        owner = data.draw(st.sampled_from(sorted(self.flying)))
        holder = self.flying.pop(owner)
        if not writable(self.ledger, owner):
            return
        if kept(status):
            answer = f"{owner} {status}".encode()
            self.answers.append(answer)
            self.ledger = Entry(owner, "head", "body", holder, State.DONE, answer)
        else:
            self.ledger = None
            self.freed += 1

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def never_sent(self, data: st.DataObject) -> None:
        """One in flight turns out never to have reached the service."""
        owner = data.draw(st.sampled_from(sorted(self.flying)))
        del self.flying[owner]
        if self.ledger and self.ledger.owner == owner:
            self.ledger = None
        self.freed += 1

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """The answer of one in flight never comes."""
        owner = data.draw(st.sampled_from(sorted(self.flying)))
        del self.flying[owner]
        if self.ledger and self.ledger.owner == owner:
            self.ledger = replace(self.ledger, state=State.UNKNOWN)

    @precondition(lambda self: self.flying)
    @rule()
    def die(self) -> None:
        """Every process dies with what it has in flight; the leases lapse."""
        self.flying.clear()
        self.lapsed = True

    @invariant()
    def nothing_is_delivered_twice(self) -> None:
        """Each delivery but the first was made possible by an attempt that was not carried out."""
        assert self.delivered <= 1 + self.freed
        assert len(self.flying) <= 1

    @invariant()
    def replays_are_the_one_answer(self) -> None:
        """Whoever gets a replay gets the last answer that was kept."""
        assert set(self.replays) <= set(self.answers)


TestRetries = Retries.TestCase
TestRetries.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
