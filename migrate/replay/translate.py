"""Recorded requests in the gateway's terms, as a client that has moved would send them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.mapping import MappingError
from shadow.serve import in_gateway_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Request
    from shadow.replay import Placed


class Translator:
    """Translates the exchanges of one recording for a gateway at `url`."""

    def __init__(self, placed: Sequence[Placed], url: str) -> None:
        self._host = urlsplit(url).netloc
        self._targets: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for position, one in enumerate(placed):
            if one.matched and one.matched.route.gateway and not one.exchange.request.is_preflight:
                self._learn(position, one)

    def translate(self, position: int, one: Placed) -> Request:
        """The request of the exchange at this position, with the gateway's Host.

        A preflight has no body; where the gateway's path needs a parameter from there, it is taken from the request
        that the preflight was made for.

        Raises:
            MappingError: the request cannot be said in the gateway's terms.
        """
        assert one.matched is not None  # noqa: S101 - only routed exchanges are played
        route, request = one.matched.route, one.exchange.request
        try:
            mapped = in_gateway_terms(route, one.matched.parameters, request)
        except MappingError:
            target = self._made_for(position, route.id, request.target) if request.is_preflight else None
            if target is None:
                raise
            method = route.gateway.method if route.gateway else route.legacy.method
            mapped = replace(request, target=target, headers=_asking(request, method))
        return replace(mapped, headers=tuple(self._with_host(pair) for pair in mapped.headers))

    def _learn(self, position: int, one: Placed) -> None:
        assert one.matched is not None  # noqa: S101 - the caller has looked
        try:
            mapped = in_gateway_terms(one.matched.route, one.matched.parameters, one.exchange.request)
        except MappingError:
            return
        key = (one.matched.route.id, one.exchange.request.target)
        self._targets.setdefault(key, []).append((position, mapped.target))

    def _made_for(self, position: int, route_id: str, target: str) -> str | None:
        known = self._targets.get((route_id, target), [])
        return next((text for at, text in known if at > position), known[0][1] if known else None)

    def _with_host(self, pair: tuple[str, str]) -> tuple[str, str]:
        return (pair[0], self._host) if pair[0].lower() == "host" else pair


def _asking(request: Request, method: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, method if name.lower() == "access-control-request-method" else value)
        for name, value in request.headers
    )
