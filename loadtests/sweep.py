"""Cleaning over the network: on the side the load was on, and past the gateway where that no longer answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from gateway.core.errors import UnreachableError
from gateway.core.routes import Access
from loadtests.calls import ready
from loadtests.cleaning import Cleaned, clean
from loadtests.results import GATEWAY, LEGACY
from loadtests.things import creatable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loadtests.account import Session
    from loadtests.calls import Call, Ready
    from loadtests.ledger import Entry
    from loadtests.prepare import Prepared

_TIMEOUT = 10.0
_BROKEN = 500
_PROBLEM = "application/problem+json"


def sweep(prepared: Prepared, session: Session, entries: Iterable[Entry], prefix: str) -> Cleaned:
    """Delete what this run, or with a shorter prefix any run, left on the platform; what failed is in the answer."""
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        broom = _Broom(prepared, session, client)
        return clean(creatable(prepared.table), entries, prefix, broom.send)


def sweep_all(prepared: Prepared, sessions: Iterable[Session], entries: Iterable[Entry], prefix: str) -> Cleaned:
    """The same for every account: each sees what belongs to its own organisation."""
    opened = tuple(entries)
    found = [sweep(prepared, session, opened, prefix) for session in sessions]
    left = tuple(dict.fromkeys(text for one in found for text in one.left))
    return Cleaned(sum(one.deleted for one in found), left)


def ask(prepared: Prepared, session: Session, call: Call, variables: Mapping[str, str]) -> tuple[int, bytes]:
    """Send one call beside the load, and give its status and body.

    Raises:
        UnreachableError: neither side answers it.
    """
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        return _Broom(prepared, session, client).send(call, variables)


class _Broom:
    def __init__(self, prepared: Prepared, session: Session, client: httpx.Client) -> None:
        self._prepared, self._session, self._client = prepared, session, client

    def send(self, call: Call, variables: Mapping[str, str]) -> tuple[int, bytes]:
        prepared = ready(self._prepared.table, call, {**self._session.variables, **variables})
        if prepared is None:
            raise UnreachableError(f"{call.target} cannot be asked")
        reason = ""
        for side in self._sides(prepared):
            try:
                answer = self._ask(prepared, side)
            except httpx.HTTPError as error:
                reason = f"{side}: {error or type(error).__name__}"
                continue
            if not _own(answer):
                return answer.status_code, answer.content
            reason = f"{side} answered {answer.status_code}"
        raise UnreachableError(reason)

    def _sides(self, prepared: Ready) -> tuple[str, ...]:
        """Legacy last for what the gateway serves: it is under that very gateway and takes what that has lost."""
        served = GATEWAY in self._prepared.bases and prepared.route.id not in self._prepared.plan.left_out
        return (GATEWAY, LEGACY) if served else (LEGACY,)

    def _ask(self, prepared: Ready, side: str) -> httpx.Response:
        request = prepared.at(side)
        headers = dict(request.headers)
        if self._session.token and prepared.route.access is not Access.PUBLIC:
            headers["authorization"] = f"Bearer {self._session.token}"
        return self._client.request(
            request.method, self._base(prepared, side) + request.target, headers=headers, content=request.body
        )

    def _base(self, prepared: Ready, side: str) -> str:
        if side == GATEWAY:
            return self._prepared.bases[GATEWAY]
        service = self._prepared.table.services[prepared.route.service]
        given = self._prepared.plan.hosts.get(prepared.route.service, service.legacy)
        return self._prepared.bases.get(prepared.route.service, given.rstrip("/"))


def _own(answer: httpx.Response) -> bool:
    """Whether the answer says more about who gave it than about the thing: broken, or the gateway's own refusal."""
    return answer.status_code >= _BROKEN or answer.headers.get("content-type", "").startswith(_PROBLEM)
