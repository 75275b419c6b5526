"""Every place where two exchanges differ: the answers, and the request sent upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff import body, cadence, cookies, cors, frames, headers, upstream
from shadow.diff.found import Budget, Found, bounded
from shadow.diff.meaning import Meanings
from shadow.pairing import DRY_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Response
    from gateway.core.routes import Service
    from shadow.pairing import Pair

_EMPTY = b""


def answers(pair: Pair, budget: Budget) -> list[Found]:
    """Where the two answers differ.

    Of answers whose statuses are of different kinds (2xx, 4xx …), and of refusals, only status, CORS and, between
    answers of one kind, the body are compared: the rest is another answer altogether. A dry run has no answer.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    both = pair.answers
    if both is None or (pair.mode == DRY_RUN and not pair.refused and pair.upstream is not None):
        return []
    legacy, gateway = both
    if pair.legacy.request.is_preflight:
        return list(cors.preflight(pair.legacy.request, legacy, gateway))
    found = [*_status(legacy, gateway), *cors.simple(pair.legacy.request, legacy, gateway)]
    if legacy.status // 100 != gateway.status // 100:
        return found
    meanings = Meanings(pair.route.shadow.compare)
    if not pair.refused:
        named = [
            *headers.diff(pair.legacy, legacy, pair.gateway, gateway),
            *cookies.diff(legacy.headers, gateway.headers),
        ]
        found += [one for one in named if not meanings.same_elsewhere(one)]
    found += _bodies(pair, legacy, gateway, budget, meanings)
    found += cadence.diff(legacy, gateway)
    said = frames.diff(pair.legacy.frames, pair.gateway.frames, budget, meanings)
    found += bounded(said, budget, frames.LOCATION)
    found += frames.ends(pair.legacy.close, pair.gateway.close)
    return [*found, *meanings.unsettled()]


def sent(pair: Pair, service: Service, key: bytes, budget: Budget) -> list[Found]:
    """Where the request that reaches the service differs from the dashboard's own.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    if pair.upstream is None or pair.legacy.request.is_preflight:
        return []
    return upstream.diff(pair.legacy.request, pair.upstream, service, key, budget)


def _status(legacy: Response, gateway: Response) -> Iterator[Found]:
    # The path names both, so that a rule on one pair of statuses never hides another.
    if legacy.status != gateway.status:
        path = f"{legacy.status}→{gateway.status}"
        yield Found("status", path, DifferenceKind.CHANGED, legacy.status, gateway.status)


def _bodies(pair: Pair, legacy: Response, gateway: Response, budget: Budget, meanings: Meanings) -> list[Found]:
    head = pair.legacy.request.method == "HEAD"
    return body.diff(
        (legacy.headers, _EMPTY if head else legacy.body),
        (gateway.headers, _EMPTY if head else gateway.body),
        declared=pair.route.shadow.identity,
        meanings=meanings,
        budget=budget,
    )
