from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.exchange import Request, Response, header
from gateway.core.observation import Bucket
from gateway.core.routes import Access, Effect, Stage
from gateway.core.subject import Subject
from gateway.flags.flag import Flag
from gateway.idempotency import claims
from gateway.idempotency.claim import State
from gateway.idempotency.claims import Claims
from gateway.store.database import open_store
from shadow.idempotency import Once, once
from shadow.plan import Copying, Plan, Side
from shadow.turn import Turn
from tests.apps.ledgers import KEYS, Fickle
from tests.apps.table import JWT_SECRET, bearer, route, table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.routes import Route

CREATE = route("create", "compute", "POST /things", "POST /api/things")
TABLE = table("http://127.0.0.1:1", CREATE)
AUTHORIZATION = tuple(bearer().items())
DONE = (("content-type", "text/plain"), ("access-control-allow-origin", "https://old.example"))


@pytest.fixture
def ledger() -> Fickle:
    """A ledger in memory."""
    return Fickle()


@pytest.fixture
def served(ledger: Fickle) -> Once:
    """What the proxy does, over it."""
    return Once(TABLE, Claims(ledger, KEYS), (JWT_SECRET,))


def turn(
    key: str | None = "k",
    *headers: tuple[str, str],
    stage: Stage = Stage.SHADOW,
    left: bool = False,
    of: Route | None = CREATE,
    method: str = "POST",
    body: bytes = b"{}",
) -> Turn:
    """A request that legacy is to serve."""
    keyed = () if key is None else (("Idempotency-Key", key),)
    request = Request(method, "/things", (*AUTHORIZATION, *keyed, *headers), body, client="10.0.0.1")
    flag = Flag(of.id if of else "", stage, left_shadow=left)
    plan = Plan("compute", Subject("u"), of, {}, flag, copying=Copying.DRY_RUN, bucket=Bucket.PENDING)
    made = Turn(plan, request)
    made.complete = 1.0
    return made


async def admitted(served: Once, one: Turn, *, whole: bool = True) -> Response:
    """What a request is answered that may not pass."""
    answer = await served.admit(one, whole=whole)
    assert answer is not None
    return answer


async def answer(served: Once, one: Turn, status: int = 201, body: bytes = b"done", *, whole: bool = True) -> None:
    """The service answers, and it is kept."""
    one.pass_back(body)
    served.answered(one, status, DONE, whole=whole)
    await asyncio.gather(*served._tasks)


def reason(response: Response) -> str:
    """The word in a problem."""
    word: str = json.loads(response.body)["reason"]
    return word


async def test_the_first_passes_and_the_next_are_answered_for(served: Once) -> None:
    """Under way, then the kept answer; they are not copied, and count with their reason."""
    first, second, third = turn(), turn(), turn("k", ("Origin", "https://app.example"))
    assert await served.admit(first, whole=True) is None
    assert first.claim is not None
    waiting = await admitted(served, second)
    assert (waiting.status, reason(waiting), header(waiting.headers, "retry-after")) == (409, "key-in-flight", "1")
    assert (second.plan.side, second.plan.copying) == (Side.SHADOW, Copying.NONE)
    assert (second.plan.bucket, second.plan.reason) == (Bucket.UNMIRRORED, "key in-flight")
    await answer(served, first)
    assert first.claim is None
    again = await admitted(served, third)
    assert (again.status, again.body, again.reason) == (201, b"done", "Created")
    assert header(again.headers, "content-type") == "text/plain"
    assert header(again.headers, "content-length") == "4"
    assert header(again.headers, "idempotency-replayed") == "true"


async def test_a_page_may_read_what_it_is_answered(served: Once) -> None:
    """CORS is said for the page that asks now, not for the one that asked first."""
    first = turn()
    await served.admit(first, whole=True)
    refused = await admitted(served, turn("k", ("Origin", "https://app.example")))
    assert header(refused.headers, "access-control-allow-origin") == "*"
    await answer(served, first)
    again = await admitted(served, turn("k", ("Origin", "https://app.example")))
    assert [value for name, value in again.headers if name == "access-control-allow-origin"] == ["*"]
    assert header(again.headers, "access-control-expose-headers") == "Idempotency-Replayed"
    assert header((await admitted(served, turn())).headers, "access-control-expose-headers") is None


async def test_another_request_is_told(served: Once) -> None:
    """422 with the gateway's reason."""
    await served.admit(turn(), whole=True)
    other = await admitted(served, turn(body=b"[]"))
    assert (other.status, other.reason, reason(other)) == (422, "Unprocessable Content", "key-reused")


@pytest.mark.parametrize(
    "one",
    [
        turn(None),
        turn(""),
        turn("k" * 256),
        turn(method="GET"),
        turn(of=None),
        turn(of=replace(CREATE, effect=Effect.READ)),
        turn(of=replace(CREATE, gateway=None, access=Access.INTERNAL)),
        turn(stage=Stage.LEGACY),
    ],
)
async def test_whatever_has_no_key_that_counts_passes_untouched(served: Once, ledger: Fickle, one: Turn) -> None:
    """No key, a malformed one, a read, no route, an internal one, or one that never left stage legacy."""
    for _ in range(2):
        assert await served.admit(one, whole=True) is None
        assert one.claim is None
    assert ledger.entries == {}


async def test_a_route_that_was_rolled_back_to_legacy_still_counts(served: Once) -> None:
    """The gateway may have served the first attempt."""
    one = turn(stage=Stage.LEGACY, left=True)
    assert await served.admit(one, whole=True) is None
    assert one.claim is not None


async def test_a_request_is_claimed_once(served: Once) -> None:
    """Asked a second time it does not stand in its own way."""
    one = turn()
    assert await served.admit(one, whole=True) is None
    assert await served.admit(one, whole=True) is None


async def test_a_body_that_streams_passes_with_a_claim_or_is_read_first(served: Once) -> None:
    """Its digest goes along; once an answer is known the body is compared, if it may be held."""
    first = turn(body=b"")
    assert await served.admit(first, whole=False) is None
    first.pass_on(b"ab")
    first.pass_on(b"c")
    await answer(served, first)
    for length, held in (("3", True), (str(TABLE.policy.max_body + 1), False)):
        later = turn("k", ("Content-Length", length), body=b"")
        refused = await served.admit(later, whole=False)
        assert later.held is held
        assert (refused is None) is held
        if refused is not None:
            assert reason(refused) == "key-answered"
    chunked = turn("k", ("Transfer-Encoding", "chunked"), body=b"")
    assert reason(await admitted(served, chunked, whole=False)) == "key-answered"
    assert header((await admitted(served, turn(body=b"abc"))).headers, "idempotency-replayed") == "true"
    assert (await admitted(served, turn(body=b"abd"))).status == 422


async def test_an_answer_that_is_too_long_or_broke_off_is_told_by_its_status(served: Once) -> None:
    """Nothing of it is given again."""
    for key, body, whole in (("long", b"x" * (TABLE.policy.idempotency.max_answer + 1), True), ("half", b"x", False)):
        first = turn(key)
        await served.admit(first, whole=True)
        await answer(served, first, body=body, whole=whole)
        again = await admitted(served, turn(key))
        assert (again.status, reason(again)) == (409, "key-answered")
        assert "with 201" in json.loads(again.body)["detail"]


@pytest.mark.parametrize(
    ("connected", "complete", "state"),
    [(True, 1.0, State.UNKNOWN), (False, 1.0, None), (True, 0.0, None)],
)
async def test_without_an_answer_a_key_is_free_only_if_nothing_was_done(
    served: Once, ledger: Fickle, *, connected: bool, complete: float, state: State | None
) -> None:
    """No connection, or a request that never was whole; else nobody knows."""
    one = turn()
    await served.admit(one, whole=True)
    one.complete = complete
    served.unanswered(one, connected=connected)
    served.unanswered(one, connected=True)
    await asyncio.gather(*served._tasks)
    assert [entry.state for entry in ledger.entries.values()] == ([] if state is None else [state])


async def test_while_the_ledger_is_away_legacy_serves_and_it_is_said_once(
    served: Once, ledger: Fickle, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once more when it is back, with how many passed."""
    monkeypatch.setattr(claims, "_UNASKED", 0.0)
    ledger.away = True
    passed = [turn(), turn()]
    for one in passed:
        assert await served.admit(one, whole=True) is None
    assert len(caplog.messages) == 1
    assert "away" in caplog.messages[0]
    ledger.away = False
    assert await served.admit(turn("other"), whole=True) is None
    assert [message for message in caplog.messages if "back" in message] == [
        "the idempotency ledger is back; 2 calls passed without it"
    ]
    await answer(served, passed[0])
    assert header((await admitted(served, turn())).headers, "idempotency-replayed") == "true"
    await served.close()


async def test_a_forged_token_gets_nothing_of_the_user_it_names(served: Once) -> None:
    """It has keys of its own."""
    first = turn()
    await served.admit(first, whole=True)
    await answer(served, first)
    forged = turn()
    forged.request = replace(forged.request, headers=(*bearer(secret="x" * 40).items(), ("Idempotency-Key", "k")))
    assert await served.admit(forged, whole=True) is None


async def test_a_token_of_the_former_secret_names_the_same_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a secret is replaced a write is retried with either token, whichever the process knows first: once."""
    monkeypatch.delenv("CUTOVER_REDIS_URL", raising=False)
    monkeypatch.setenv("CUTOVER_JWT_SECRET", "n" * 40)
    monkeypatch.setenv("CUTOVER_JWT_SECRET_PREVIOUS", JWT_SECRET)
    store = tmp_path / "cutover.db"
    open_store(store).close()
    served = once(TABLE, store)
    first, again = turn(), turn()
    assert await served.admit(first, whole=True) is None
    await answer(served, first)
    again.request = replace(again.request, headers=(*bearer(secret="n" * 40).items(), ("Idempotency-Key", "k")))
    assert header((await admitted(served, again)).headers, "idempotency-replayed") == "true"
    await served.close()


async def test_closing_lets_ends_under_way_be_written(served: Once, ledger: Fickle) -> None:
    """Then the ledger is closed."""
    one = turn()
    await served.admit(one, whole=True)
    one.pass_back(b"done")
    served.answered(one, 201, DONE)
    await served.close()
    assert [entry.state for entry in ledger.entries.values()] == [State.DONE]
    assert ledger.closed


async def test_a_process_opens_the_ledger_of_its_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same key file as the gateway's, which is made private."""
    monkeypatch.delenv("CUTOVER_REDIS_URL", raising=False)
    monkeypatch.setenv("CUTOVER_JWT_SECRET", JWT_SECRET)
    store = tmp_path / "cutover.db"
    open_store(store).close()
    one, other = once(TABLE, store), once(TABLE, store)
    assert await one.admit(turn(), whole=True) is None
    assert (await admitted(other, turn())).status == 409
    assert sorted(modes(tmp_path)) == [("answers.key", 0o600)]
    await one.close()
    await other.close()


def modes(directory: Path) -> list[tuple[str, int]]:
    """Key files with their permissions."""
    return [(path.name, path.stat().st_mode & 0o777) for path in directory.glob("*.key")]
