"""One request as both sides answered it: what is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Failure, Request, Response

if TYPE_CHECKING:
    from gateway.core.routes import Route

READ = "read"
DRY_RUN = "dry-run"
SERVED = "served"
ANSWER = "answer"

_ALIKE = (frozenset({401, 403}), frozenset({404, 405, 410}))
BODY_SHA256 = "cutover-body-sha256"
"""Header of an upstream request whose body is known by its SHA-256 only."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two exchanges for one request, not yet compared; nothing in it is redacted.

    `legacy` carries the request in legacy terms as the dashboard sent it; `gateway` the same request in gateway
    terms, with the gateway's answer or a Failure. `mode` is read, dry-run or served, `source` live, replay or
    exercise. `subject` is already safe to store. `upstream` is what the gateway sent, or would send, to the
    service, its secret headers fingerprinted. `again` is a second legacy read, made when the first two differ and
    for a sample, which `sampled` says: then it was made whatever the two answered. `retried` is a second answer of
    the gateway, asked for when legacy has given the same one twice. `refused` says that the gateway's own policy
    refused the copy; `writes` how many writes the same subject began since the first of the reads; `settling` that it
    began one then or shortly before, so that the platform may still be working it off.
    """

    route: Route
    legacy: Exchange
    gateway: Exchange
    mode: str
    source: str
    subject: str
    upstream: Request | None = None
    again: Exchange | None = None
    refused: bool = False
    writes: int = 0
    retried: Exchange | None = None
    sampled: bool = False
    settling: bool = False

    @property
    def answers(self) -> tuple[Response, Response] | None:
        """Both responses, legacy's first; None when a side gave none."""
        legacy, gateway = self.legacy.response, self.gateway.response
        if isinstance(legacy, Failure) or isinstance(gateway, Failure):
            return None
        return legacy, gateway

    @property
    def refused_alike(self) -> bool:
        """Whether the gateway's policy refused what legacy refused too, for the same kind of reason."""
        if not self.refused or self.answers is None:
            return False
        ours, theirs = (answer.status for answer in self.answers)
        return ours == theirs or any(ours in group and theirs in group for group in _ALIKE)

    def second_look(self) -> Pair | None:
        """This pair with the second legacy read in the place of the first; None when there is none."""
        return replace(self, legacy=self.again, again=None, retried=None) if self.again else None

    def third_look(self) -> Pair | None:
        """The second answers of both sides beside each other; None when one of them is missing."""
        if self.again is None or self.retried is None:
            return None
        return replace(self, legacy=self.again, gateway=self.retried, again=None, retried=None)


def upstream_request(document: dict[str, Any]) -> Request:
    """The request of a gateway's upstream document (`Cutover-Upstream`, or `upstream` of a dry-run answer).

    A document without `body` but with `body_sha256` gives a request with an empty body and the header
    `cutover-body-sha256`, which is compared by digest.

    Raises:
        KeyError, TypeError, ValueError: it is no such document.
    """
    digest = document.get("body_sha256")
    request = Request.from_json({"body": "", "client": "", **document, **({"body": ""} if digest else {})})
    return replace(request, headers=(*request.headers, (BODY_SHA256, str(digest)))) if digest else request
