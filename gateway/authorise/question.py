"""Questions of the gateway's own to services, which it asks on nobody's behalf but to decide about somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ask import ask
from gateway.core.mark import QUESTION_HEADER
from gateway.core.routes import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.ask import Reply
    from gateway.core.exchange import Headers
    from gateway.core.routes import Service
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

PATIENCE = Timeouts(connect=1.0, first_byte=3.0, idle=3.0)
MOST_PAGES = 20


class NoAnswerError(Exception):
    """The service gave none that says anything."""


def headers(settings: Settings, service: Service, why: str, credential: str = "") -> Headers:
    """The headers of a question: the internal key where the service takes it, and a credential where there is one."""
    key = (("X-Internal-API-Key", settings.internal_key),) if service.internal_key else ()
    bearer = (("Authorization", credential),) if credential else ()
    return (("Accept", "application/json"), (QUESTION_HEADER, why), *key, *bearer)


async def everything[T](
    pool: Pool, service: Service, target: str, told: Headers, *, page: int, read: Callable[[Reply], Sequence[T]]
) -> list[T]:
    """What `read` finds in the answers, page after page while each is full; `page` 0 asks once.

    Raises:
        TransportError: no usable answer.
        NoAnswerError: there is more than can be looked through.
    """
    found: list[T] = []
    for number in range(MOST_PAGES):
        text = target if not page else f"{target}{'&' if '?' in target else '?'}skip={number * page}&limit={page}"
        items = read(await ask(pool, service.internal, text, told, timeouts=PATIENCE))
        found.extend(items)
        if not page or len(items) < page:
            return found
    raise NoAnswerError(f"more than {MOST_PAGES} pages")
