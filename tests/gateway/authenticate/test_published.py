"""Published keys, from a real server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.authenticate.published import PAUSE, Published
from gateway.core.credentials import Jwks
from gateway.problem import Unavailable
from gateway.transport.pool import Pool
from tests.apps.issuer import Issuer, document, ec_key, issuing, jwk
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.authenticate.jwks import PublicKey

ONE, TWO = jwk(ec_key("1"), kid="one"), jwk(ec_key("2"), kid="two")


class Fetching:
    """Published keys whose clock stands until it is moved."""

    def __init__(self, issuer: Issuer) -> None:
        self.now = 1_000.0
        self.pool = Pool()
        self.removals = 0
        self.issuer = issuer
        self.published = Published(self.pool, self._removed, lambda: self.now)
        self.jwks = Jwks(issuer.url, refresh=300.0, keep=3600.0)

    def _removed(self) -> None:
        self.removals += 1

    async def key(self, kid: str | None, *, wait: bool = True) -> PublicKey | None:
        """The key of this name."""
        return await self.published.key(self.jwks, "ES256", kid, wait=wait)

    async def settled(self) -> None:
        """Wait for what is being fetched in the background."""
        await eventually(lambda: not self.published._running)


@asynccontextmanager
async def fetching(*keys: dict[str, object]) -> AsyncIterator[Fetching]:
    """With a server that publishes these keys."""
    async with issuing(*keys) as issuer:
        one = Fetching(issuer)
        try:
            yield one
        finally:
            one.published.close()
            await one.settled()
            one.pool.close()


async def test_keys_are_fetched_once_and_kept() -> None:
    """Many who ask at the same moment wait for one fetch; later ones for none."""
    async with fetching(ONE) as one:
        found = await asyncio.gather(*(one.key("one") for _ in range(50)))
        assert None not in found
        assert await one.key("one") is not None
        assert one.issuer.asked == 1
        assert one.issuer.server.seen[0].target == "/keys?v=1"


async def test_a_new_key_is_found_when_a_token_names_it() -> None:
    """An unknown name fetches again, but not sooner than a pause after the last time, whatever is named."""
    async with fetching(ONE) as one:
        assert await one.key("one") is not None
        one.issuer.keys = (ONE, TWO)
        assert [await one.key(name) for name in ("two", "x", "y")] == [None, None, None]
        assert one.issuer.asked == 1
        one.now += PAUSE
        found = await asyncio.gather(*(one.key(name) for name in ("two", "x", "y", "two")))
        assert [key is not None for key in found] == [True, False, False, True]
        assert one.issuer.asked == 2
        assert one.removals == 0


async def test_an_old_key_serves_until_a_fetch_drops_it() -> None:
    """When the set is due it is fetched in the background; the caller does not wait, and removal is told."""
    async with fetching(ONE, TWO) as one:
        assert await one.key("one") is not None
        one.issuer.keys = (TWO,)
        one.now += 299
        assert await one.key("one") is not None
        assert one.issuer.asked == 1
        one.now += 1
        assert await one.key("one") is not None
        await one.settled()
        assert (one.issuer.asked, one.removals) == (2, 1)
        assert await one.key("one") is None
        assert await one.key("two") is not None


@pytest.mark.parametrize("fault", ["status", "garbage", "oversize", "empty", "hangup"])
async def test_last_good_keys_serve_while_the_issuer_is_away(fault: str) -> None:
    """A fetch that brings no key set changes nothing until `keep` has passed; then nobody can know: 503."""
    async with fetching(ONE) as one:
        assert await one.key("one") is not None
        await _break(one.issuer, fault)
        for _ in range(3):
            one.now += 1_000
            assert await one.key("one") is not None
            await one.settled()
        one.now += 600
        with pytest.raises(Unavailable) as refused:
            await one.key("one")
        assert (refused.value.status, refused.value.reason) == (503, "keys-away")
        assert ("retry-after", "5") in refused.value.headers
        assert one.removals == 0


async def _break(issuer: Issuer, fault: str) -> None:
    match fault:
        case "status":
            issuer.status = 500
        case "garbage":
            issuer.body = b"<html>"
        case "oversize":
            issuer.body = document(ONE) + b" " * (1 << 20)
        case "empty":
            issuer.body = document()
        case _:
            issuer.server.behave = None
            issuer.server.close_connections()
            issuer.server.behave = _hang_up


async def _hang_up(*_: object) -> bool:
    return False


async def test_an_unknown_name_is_no_forgery_while_the_issuer_is_away() -> None:
    """Its key may be new; only when the set was just read is it certain that there is none."""
    async with fetching(ONE) as one:
        assert await one.key("one") is not None
        assert await one.key("two") is None
        one.issuer.status = 500
        one.now += PAUSE
        with pytest.raises(Unavailable):
            await one.key("two")
        assert await one.key("one") is not None


async def test_keys_come_back_by_themselves() -> None:
    """An issuer that was away at the start is asked again, at most once in a pause."""
    async with fetching(ONE) as one:
        one.issuer.status = 503
        for _ in range(3):
            with pytest.raises(Unavailable):
                await one.key("one")
        assert one.issuer.asked == 1
        one.issuer.status = 200
        one.now += PAUSE
        assert await one.key("one") is not None


async def test_who_does_not_wait_is_told_so() -> None:
    """Without waiting only what is there is looked at, and the fetch goes on for the next one."""
    async with fetching(ONE) as one:
        with pytest.raises(Unavailable):
            await one.key("one", wait=False)
        await one.settled()
        assert await one.key("one", wait=False) is not None


async def test_another_address_is_another_issuer() -> None:
    """After a reload that names another address no key of the former one holds."""
    async with fetching(ONE) as one, issuing(TWO) as other:
        assert await one.key("one") is not None
        one.jwks = Jwks(other.url)
        assert await one.key("one") is None
        assert await one.key("two") is not None


async def test_what_was_verified_is_believed_until_the_next_fetch() -> None:
    """So that a token never outlives its key's removal for longer than the set is kept unread."""
    async with fetching(ONE) as one:
        await one.key("one")
        one.now += 100
        assert one.published.good_for(one.jwks) == 200
        one.now += 1_000
        assert one.published.good_for(one.jwks) == PAUSE
