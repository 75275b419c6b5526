"""A key is good on both paths: a flip or a rollback in the middle of a retry never makes a second write."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from gateway.core.routes import Stage
from gateway.store.database import open_store, transaction
from tests.apps.flipped import LEASE, Flipped, flipped
from tests.apps.oddities import answer
from tests.apps.redis_server import redis_server
from tests.apps.table import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.rawclient import Answer

pytestmark = pytest.mark.asyncio(loop_scope="module")
MOVE = b'{"item_id":"a/b","to":"shelf"}'
ORDERS = {
    "forward": (Stage.SHADOW, Stage.GATEWAY),
    "into the canary": (Stage.SHADOW, Stage.CANARY),
    "rollback": (Stage.GATEWAY, Stage.SHADOW),
    "rollback to the start": (Stage.GATEWAY, Stage.LEGACY),
    "within legacy": (Stage.SHADOW, Stage.SHADOW),
}
LEFT: dict[str, Any] = {"percent": 100.0, "left_shadow": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def over_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Flipped]:
    """Both paths, which meet in the store."""
    async with flipped(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def over_redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Flipped]:
    """Both paths, which meet in Redis."""
    with redis_server() as server:
        async with flipped(tmp_path_factory.mktemp("redis"), CUTOVER_REDIS_URL=server.url) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def calm(over_store: Flipped) -> AsyncIterator[Flipped]:
    """Both paths over a service that answers at once again after each test."""
    yield over_store
    over_store.service.override = None


@pytest_asyncio.fixture(loop_scope="module", params=["store", "redis"])
async def either(request: pytest.FixtureRequest, over_store: Flipped, over_redis: Flipped) -> AsyncIterator[Flipped]:
    """The same over either ledger."""
    made = {"store": over_store, "redis": over_redis}[request.param]
    yield made
    made.service.override = None


def new_key() -> str:
    """A key of its own for each story, since they share a ledger."""
    return uuid.uuid4().hex


def replayed(given: Answer) -> bool:
    """Whether an answer says that it was kept."""
    return given.header("idempotency-replayed") == "true"


@pytest.mark.parametrize("order", ORDERS)
async def test_a_retry_after_a_flip_gets_the_first_answer(either: Flipped, order: str) -> None:
    """Status, headers and body as the other path gave them; the service sees one write."""
    before, after = ORDERS[order]
    create, move = new_key(), new_key()
    await either.flip(before, **LEFT)
    first = await either.post(create), await either.post(move, "/items/move", body=MOVE)
    await either.flip(after, **LEFT)
    again = await either.retry(create), await either.retry(move, "/items/move", body=MOVE)
    assert [one.status for one in (*first, *again)] == [201] * 4
    assert [one.body for one in again] == [one.body for one in first]
    assert [one.header("content-type") for one in again] == ["application/json"] * 2
    assert [replayed(one) for one in (*first, *again)] == [False, False, True, True]
    assert (either.arrived(create), either.arrived(move)) == (1, 1)


@pytest.mark.proof
@pytest.mark.parametrize("order", ORDERS)
async def test_a_flip_while_the_first_is_under_way_lets_no_second_in(either: Flipped, order: str) -> None:
    """The retry is told to wait, whichever path it takes, and then gets the answer."""
    before, after = ORDERS[order]
    key, release = new_key(), asyncio.Event()

    async def hold(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(answer("201 Created", b"late", ("content-type", "text/plain")))

    await either.flip(before, **LEFT)
    either.service.override = hold
    first = asyncio.create_task(either.post(key))
    await either.until_arrived(key)
    await either.flip(after, **LEFT)
    waiting = await either.post(key)
    release.set()
    assert (waiting.status, waiting.header("retry-after")) == (409, "1")
    assert b"key-in-flight" in waiting.body
    assert (await first).body == b"late"
    either.service.override = None
    again = await either.retry(key)
    assert (again.status, again.body, replayed(again)) == (201, b"late", True)
    assert either.arrived(key) == 1


async def test_a_client_that_moves_itself_to_the_gateway_path_keeps_its_keys(calm: Flipped) -> None:
    """A write on the legacy path, its retry on the gateway's own address, and the other way round."""
    await calm.flip(Stage.CANARY, percent=0.0, left_shadow=True)
    one, other = new_key(), new_key()
    there = "/api/v1/items/a%2Fb/move"
    first = await calm.post(one, "/items/move", body=MOVE)
    again = await calm.retry(one, there, body=b'{ "to": "shelf" }', at=calm.gateway)
    assert (first.status, again.status, replayed(again), again.body) == (201, 201, True, first.body)
    first = await calm.post(other, there, body=b'{"to":"shelf"}', at=calm.gateway)
    again = await calm.retry(other, "/items/shift", body=b'{"to":"shelf","item_id":"a/b"}')
    assert (first.status, again.status, replayed(again), again.body) == (201, 201, True, first.body)
    assert (calm.arrived(one), calm.arrived(other)) == (1, 1)


GATEWAY_PATHS = {
    "rollback": (Stage.GATEWAY, Stage.SHADOW),
    "rollback to the start": (Stage.CANARY, Stage.LEGACY),
    "forward again": (Stage.SHADOW, Stage.GATEWAY),
    "within a rollback": (Stage.SHADOW, Stage.LEGACY),
}


@pytest.mark.proof
@pytest.mark.parametrize("order", GATEWAY_PATHS)
async def test_a_client_of_the_gateway_path_retries_over_a_rollback(either: Flipped, order: str) -> None:
    """Served or transparent, there or by the old path: one write, and the first answer again."""
    before, after = GATEWAY_PATHS[order]
    create, move = new_key(), new_key()
    moved: dict[str, Any] = {"target": "/api/v1/items/a%2Fb/move", "body": b'{"to":"shelf"}', "at": either.gateway}
    # Once a route was served, its gateway path is never 404 again.
    await either.flip(Stage.GATEWAY)
    await either.flip(before, **LEFT)
    first = await either.post(create, "/api/v1/items", at=either.gateway), await either.post(move, **moved)
    await either.flip(after, **LEFT)
    again = [
        await either.retry(create, "/api/v1/items", at=either.gateway, credential=token(iat=2)),
        await either.retry(move, **moved),
        await either.retry(create),
        await either.retry(move, "/items/move", body=MOVE),
    ]
    assert [one.status for one in (*first, *again)] == [201] * 6
    assert [one.body for one in again] == [one.body for one in (*first, *first)]
    assert [replayed(one) for one in (*first, *again)] == [False, False, True, True, True, True]
    assert (either.arrived(create), either.arrived(move)) == (1, 1)


async def test_a_rollback_while_the_gateway_path_waits_lets_no_second_in(calm: Flipped) -> None:
    """The transparent retry of a write under way is told to wait, and then gets its answer."""
    key, release = new_key(), asyncio.Event()

    async def hold(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(answer("201 Created", b"late", ("content-type", "text/plain")))

    await calm.flip(Stage.GATEWAY)
    calm.service.override = hold
    first = asyncio.create_task(calm.post(key, "/api/v1/items", at=calm.gateway))
    await calm.until_arrived(key)
    await calm.flip(Stage.SHADOW, **LEFT)
    waiting = await calm.post(key, "/api/v1/items", at=calm.gateway)
    release.set()
    assert (waiting.status, b"key-in-flight" in waiting.body) == (409, True)
    assert (await first).body == b"late"
    again = await calm.retry(key, "/api/v1/items", at=calm.gateway)
    assert (again.body, replayed(again), calm.arrived(key)) == (b"late", True, 1)


async def test_another_body_is_told_on_both_paths(calm: Flipped) -> None:
    """422, and the service sees nothing of it."""
    key = new_key()
    await calm.flip(Stage.SHADOW)
    await calm.post(key)
    for stage in (Stage.SHADOW, Stage.GATEWAY):
        await calm.flip(stage)
        other = await calm.retry(key, body=b"[]")
        assert other.status == 422
        assert b"key-reused" in other.body
    assert calm.arrived(key) == 1


async def test_a_refreshed_token_is_the_same_user_and_another_user_is_not(calm: Flipped) -> None:
    """On the legacy path the shadow checks the signature; a forged token gets no kept answer."""
    key = new_key()
    await calm.flip(Stage.GATEWAY)
    first = await calm.post(key)
    await calm.flip(Stage.SHADOW)
    refreshed = await calm.retry(key, credential=token(iat=2))
    assert (replayed(refreshed), refreshed.body) == (True, first.body)
    for credential in (token(secret="x" * 40), token(sub="user-2")):
        stranger = await calm.post(key, credential=credential)
        assert not replayed(stranger)
        assert stranger.body != first.body


async def test_uploads_keep_their_keys(calm: Flipped) -> None:
    """Megabytes pass through the shadow as a stream; the retry is read, compared and not sent on."""
    key, upload = new_key(), b"z" * 2_500_000
    await calm.flip(Stage.SHADOW)
    first = await calm.post(key, body=upload)
    await calm.flip(Stage.GATEWAY)
    again = await calm.retry(key, body=upload)
    await calm.flip(Stage.SHADOW)
    third = await calm.retry(key, body=upload)
    other = await calm.retry(key, body=upload[:-1] + b"y")
    assert [one.status for one in (first, again, third, other)] == [201, 201, 201, 422]
    assert [replayed(one) for one in (again, third)] == [True, True]
    assert again.body == third.body == first.body
    assert calm.arrived(key) == 1


async def test_an_upload_under_way_is_not_read_twice(calm: Flipped) -> None:
    """Its retry is refused before its body; so is a chunked one once the answer is known, since it has no length."""
    key, release = new_key(), asyncio.Event()
    upload = b"z" * 2_500_000

    async def hold(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(answer("201 Created", b"late"))

    await calm.flip(Stage.SHADOW)
    calm.service.override = hold
    first = asyncio.create_task(calm.post(key, body=upload))
    await calm.until_arrived(key)
    waiting = await calm.post(key, "/items", ("Content-Length", "2500000"))
    release.set()
    assert (waiting.status, (await first).status) == (409, 201)
    chunked = await calm.retry(key, "/items", ("Transfer-Encoding", "chunked"), body=b"2\r\n{}\r\n0\r\n\r\n")
    assert (chunked.status, b"key-answered" in chunked.body) == (409, True)
    assert calm.arrived(key) == 1


async def test_an_error_of_the_service_is_final_and_a_refusal_is_not(calm: Flipped) -> None:
    """The platform deletes, then answers 500: the retry gets that 500, on either path. A 401 lets it come again."""
    failed, refused = new_key(), new_key()

    async def fail(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("500 Internal Server Error", b"boom"))

    async def refuse(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("401 Unauthorized", b"who?"))

    await calm.flip(Stage.SHADOW)
    calm.service.override = fail
    assert (await calm.post(failed)).status == 500
    calm.service.override = refuse
    assert (await calm.post(refused)).status == 401
    calm.service.override = None
    await calm.flip(Stage.GATEWAY)
    again = await calm.retry(failed)
    assert (again.status, again.body, replayed(again)) == (500, b"boom", True)
    assert (await calm.retry(refused)).status == 201
    assert (calm.arrived(failed), calm.arrived(refused)) == (1, 2)


async def test_a_legacy_write_whose_answer_never_came_is_not_sent_again(calm: Flipped) -> None:
    """The service hung up; or the client did, while legacy worked: nobody knows, and the retry is told so."""
    hung, left = new_key(), new_key()

    async def hang_up(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def hold(_head: object, _body: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    await calm.flip(Stage.SHADOW)
    calm.service.override = hang_up
    assert (await calm.post(hung)).status == 503
    calm.service.override = hold
    task = asyncio.create_task(calm.post(left))
    await calm.until_arrived(left)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    calm.service.override = None
    calm.service.drop()
    for stage in (Stage.SHADOW, Stage.GATEWAY):
        await calm.flip(stage)
        for key in (hung, left):
            told = await until(calm, key, b"key-outcome-unknown")
            assert (told.status, calm.arrived(key)) == (409, 1)


async def until(calm: Flipped, key: str, word: bytes) -> Answer:
    """Ask until the answer holds this word."""
    deadline = asyncio.get_running_loop().time() + 15
    while word not in (given := await calm.post(key)).body:
        assert asyncio.get_running_loop().time() < deadline, given
        await asyncio.sleep(0.1)
    return given


async def test_keys_that_legacy_never_looked_at_pass_as_ever(calm: Flipped) -> None:
    """Malformed ones, reads, and everything without a key."""
    await calm.flip(Stage.SHADOW)
    before = len(calm.service.heads)
    for key in ("", "k" * 300, None):
        assert [(await calm.post(key)).status for _ in range(2)] == [201, 201]
    assert len(calm.service.heads) == before + 6


@pytest.mark.proof
async def test_a_crash_of_the_gateway_in_flight_leaves_one_write(calm: Flipped) -> None:
    """First "under way", then "outcome unknown"; legacy, which serves meanwhile, does not send it again."""
    key, release = new_key(), asyncio.Event()

    async def hold(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(answer("201 Created", b"late"))

    await calm.flip(Stage.GATEWAY)
    calm.service.override = hold
    first = asyncio.create_task(calm.post(key))
    await calm.until_arrived(key)
    calm.kill()
    assert (await first).status == 503
    release.set()
    calm.service.override = None
    assert b"key-in-flight" in (await calm.post(key)).body
    other = new_key()
    assert (await calm.post(other)).status == 201
    told = await until(calm, key, b"key-outcome-unknown")
    assert told.status == 409
    await calm.start()
    await calm.flip(Stage.GATEWAY)
    assert b"key-outcome-unknown" in (await calm.post(key)).body
    assert replayed(await calm.retry(other))
    assert (calm.arrived(key), calm.arrived(other)) == (1, 1)


async def test_what_the_shadow_answers_for_counts_with_its_reason(calm: Flipped) -> None:
    """Replays and refusals are unmirrored; the first request is compared as ever, by a dry run without a claim."""
    key = new_key()
    await calm.flip(Stage.SHADOW, "items.count")
    answers = [await calm.retry(key, "/count", body=body) for body in (b"{}", b"{}", b"[]")]
    assert [one.status for one in answers] == [201, 201, 422]
    expected = {("unmirrored", "key replayed"): 1, ("unmirrored", "key mismatch"): 1, ("compared", ""): 1}

    def counted() -> dict[tuple[str, str], int]:
        return {key[1:]: count for key, count in calm.rig.buckets().items() if key[0] == "items.count"}

    await calm.rig.until(lambda: counted() == expected, counted)


@pytest.mark.proof
async def test_while_the_store_is_locked_legacy_serves_and_the_gateway_waits(tmp_path_factory: Any) -> None:
    """A key costs legacy nothing; the gateway says 503 with Retry-After, and both go on when the store is back."""
    async with flipped(tmp_path_factory.mktemp("locked")) as made:
        await made.flip(Stage.SHADOW, "items.create")
        await made.flip(Stage.GATEWAY, "items.move")
        early, late = new_key(), new_key()
        with closing(open_store(made.rig.store)) as holder, transaction(holder):
            assert [(await made.post(early)).status for _ in range(2)] == [201, 201]
            refused = await made.post(late, "/items/move", body=MOVE)
            assert (refused.status, refused.header("retry-after")) == (503, "1")
            assert (await made.post(None, "/items/move", body=MOVE)).status == 201
        assert made.arrived(late) == 0
        deadline = asyncio.get_running_loop().time() + 15
        while not replayed(await made.post(early)):
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.2)
        while (await made.post(late, "/items/move", body=MOVE)).status != 201:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.2)
        assert made.arrived(late) == 1
        assert LEASE < 15
