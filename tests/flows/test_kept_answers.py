"""What is kept of idempotent writes can be read by nobody: not in the store, not beside it, not in Redis."""

from __future__ import annotations

import base64
import hashlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Access
from gateway.idempotency.shared_ledger import KEY_NAME
from gateway.shared import connect
from gateway.store.database import open_store
from tests.apps.echo import raw, upstream
from tests.apps.gateways import running
from tests.apps.redis_server import redis_server
from tests.apps.table import route, settings, table, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CREDENTIAL = token(iat=7)
SECRETS = {
    "the answer": "sk-made-for-somebody-0123456789",
    "the request": "correct horse battery staple",
    "the key": "order-4711-of-somebody",
    "the credential": CREDENTIAL,
    "its signature": CREDENTIAL.rpartition(".")[2],
    "the cookie": "session-of-somebody-0123456789",
    "the user": "user-whom-nobody-knows",
    "a header": "value-of-a-header-0123456789",
    "the path": "/things/of-somebody-0123456789",
}
ANSWER = b'{"secret_key":"%s"}' % SECRETS["the answer"].encode()


def spellings(text: str) -> set[bytes]:
    """How a secret could still be there: plain, in hex, in base64, or as the digest of itself."""
    data = text.encode()
    coded = {base64.b64encode(data[cut:])[:-4] for cut in range(3)}
    return {data, data.hex().encode(), *coded, hashlib.sha256(data).hexdigest().encode()}


async def write(store: Path, url: str = "") -> None:
    """Two writes and their replays through a gateway, which leave their traces."""
    head = "HTTP/1.1 201 Created\r\nContent-Length: {}\r\nSet-Cookie: s={}\r\nX-Own: {}\r\n\r\n"
    told = head.format(len(ANSWER), SECRETS["the cookie"], SECRETS["a header"]).encode() + ANSWER
    routes = (
        route("make", "compute", "POST /things/{id}", "POST /api/things/{id}"),
        route("login", "front", "POST /login", "POST /api/login", access=Access.PUBLIC),
    )
    async with (
        upstream(raw(told)) as service,
        running(table(service.address, *routes), settings=settings(store=store, redis_url=url)) as gateway,
    ):
        body = b'{"password":"%s"}' % SECRETS["the request"].encode()
        for credential in (CREDENTIAL, token(sub=SECRETS["the user"])):
            for path in ("/api" + SECRETS["the path"], "/api/login"):
                sent = {"Authorization": f"Bearer {credential}", "Idempotency-Key": SECRETS["the key"]}
                first = await gateway.client.post(path, content=body, headers=sent)
                again = await gateway.client.post(path, content=body, headers=sent)
                assert (first.content, again.content) == (ANSWER, ANSWER)
                assert again.headers["idempotency-replayed"] == "true"


def searched(found: dict[str, bytes]) -> list[tuple[str, str]]:
    """Where which secret stands."""
    return [
        (place, name)
        for place, data in found.items()
        for name, text in SECRETS.items()
        for spelling in spellings(text)
        if spelling in data
    ]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file with its bytes."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


async def test_the_store_shows_nothing_of_what_was_asked_and_answered(tmp_path: Path) -> None:
    """Neither file nor write-ahead log, in no spelling; four sealed answers are there."""
    store = tmp_path / "cutover.db"
    with closing(open_store(store)) as reader:
        # A second connection keeps the write-ahead log from being folded in, so that it is searched too.
        await write(store)
        rows = reader.execute("SELECT length(answer) FROM idempotency").fetchall()
        assert [row[0] > len(ANSWER) for row in rows] == [True] * 4
        found = dict(files(tmp_path))
    assert {"cutover.db", "cutover.db-wal"} <= set(found)
    assert searched(found) == []


async def test_redis_holds_nothing_of_it_either(tmp_path: Path) -> None:
    """No key and no value."""
    with redis_server() as server:
        await write(tmp_path / "none.db", server.url)
        redis = connect(server.url)
        names = [name for name in await redis.keys() if name != KEY_NAME.encode()]
        found = {name.decode(): b" ".join((await redis.hgetall(name)).values()) for name in names}
        await redis.aclose()
    assert len(found) == 4
    assert searched({**found, "names": "".join(found).encode()}) == []


@pytest.mark.parametrize("name", SECRETS)
def test_the_search_would_find_each(name: str) -> None:
    """Were it stored as it is, in hex or in base64."""
    text = SECRETS[name]
    for data in (text.encode(), text.encode().hex().encode(), base64.b64encode(b"x" + text.encode() + b"yz")):
        assert (("place", name)) in searched({"place": b"before" + data + b"after"})
