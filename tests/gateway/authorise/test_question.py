from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.authorise.question import MOST_PAGES, NoAnswerError, everything, headers
from gateway.transport.errors import TransportError
from gateway.transport.pool import Pool
from tests.apps.echo import respond, upstream
from tests.apps.table import INTERNAL_KEY, service, settings

if TYPE_CHECKING:
    import asyncio

    from gateway.ask import Reply
    from tests.apps.echo import Seen


def items(reply: Reply) -> list[Any]:
    """The list that an answer holds."""
    return list(json.loads(reply.body))


def paged(total: int) -> Any:
    """A service that gives `limit` numbers from `skip` on."""

    async def behave(seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        query = dict(pair.split("=") for pair in seen.target.partition("?")[2].split("&") if pair)
        first, size = int(query.get("skip", 0)), int(query.get("limit", total))
        return await respond(writer, 200, json.dumps(list(range(total))[first : first + size]).encode())

    return behave


def test_a_question_says_what_it_is() -> None:
    """The internal key goes where it is taken, a credential only where there is one."""
    keyed, bare = service("a", "http://127.0.0.1:1"), service("b", "http://127.0.0.1:1", internal_key=False)
    known = dict(headers(settings(), keyed, "owner"))
    assert known == {
        "Accept": "application/json",
        "Cutover-Question": "owner",
        "X-Internal-API-Key": INTERNAL_KEY,
    }
    told = dict(headers(settings(), bare, "roles", "Bearer x"))
    assert told == {"Accept": "application/json", "Cutover-Question": "roles", "Authorization": "Bearer x"}


@pytest.mark.parametrize(("total", "asked"), [(0, 1), (2, 1), (3, 2), (7, 3)])
async def test_pages_are_asked_for_while_they_are_full(total: int, asked: int) -> None:
    """The last one is short, or empty."""
    async with upstream(paged(total)) as at:
        found = await everything(Pool(), service("a", at.address), "/list?x=1", (), page=3, read=items)
        assert found == list(range(total))
        assert [seen.target for seen in at.seen] == [f"/list?x=1&skip={3 * n}&limit=3" for n in range(asked)]


async def test_without_a_page_it_is_asked_once() -> None:
    """And as the target stands."""
    async with upstream(paged(5)) as at:
        assert await everything(Pool(), service("a", at.address), "/list", (), page=0, read=items) == list(range(5))
        assert [seen.target for seen in at.seen] == ["/list"]


async def test_more_than_can_be_looked_through_is_no_answer() -> None:
    """A list without an end holds nobody up."""
    async with upstream(paged(10_000)) as at:
        with pytest.raises(NoAnswerError):
            await everything(Pool(), service("a", at.address), "/list", (), page=2, read=items)
        assert len(at.seen) == MOST_PAGES


async def test_a_service_that_is_away_is_an_error() -> None:
    """Nothing stands for what it would have said."""
    with pytest.raises(TransportError):
        await everything(Pool(), service("a", "http://127.0.0.1:9"), "/list", (), page=0, read=items)
