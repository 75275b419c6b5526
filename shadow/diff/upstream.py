"""The request the gateway sends on, beside the one the dashboard sent: a fault that leaves the answer equal."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.exchange import header, header_values
from gateway.core.observation import DifferenceKind
from gateway.core.routes import Authorization
from gateway.core.subject import subject_of
from shadow.diff import body, pairs
from shadow.diff.found import Budget, Found
from shadow.diff.named import kind_of, shown
from shadow.normalise import upstream
from shadow.pairing import BODY_SHA256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Request
    from gateway.core.routes import Service

METHOD, PATH, QUERY, HEADER, BODY = (f"upstream.{part}" for part in ("method", "path", "query", "header", "body"))


def diff(sent: Request, passed: Request, service: Service, key: bytes, budget: Budget) -> list[Found]:
    """Where the request that reaches the service differs from the dashboard's own; paths and queries stay raw.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    return [
        *_text(METHOD, sent.method, passed.method),
        *_text(PATH, sent.path, passed.path),
        *_query(sent, passed),
        *_headers(sent, passed, service, key),
        *_host(passed, service),
        *_chain(sent, passed),
        *_body(sent, passed, budget),
    ]


def _text(location: str, ours: str, theirs: str) -> Iterator[Found]:
    if ours != theirs:
        yield Found(location, "", DifferenceKind.CHANGED, ours, theirs)


def _query(sent: Request, passed: Request) -> Iterator[Found]:
    found = list(pairs.diff(pairs.raw(sent.query), pairs.raw(passed.query), QUERY))
    if not found and sent.query != passed.query:
        found = [Found(QUERY, "", DifferenceKind.CHANGED, sent.query, passed.query)]
    yield from found


def _headers(sent: Request, passed: Request, service: Service, key: bytes) -> Iterator[Found]:
    ours, theirs = upstream.grouped(sent.headers, key), upstream.grouped(passed.headers, key)
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        if name == "x-forwarded-for":
            continue
        left, right = ours.get(name, []), theirs.get(name, [])
        if name == "authorization" and right and service.authorization is Authorization.STRIP:
            yield Found(HEADER, name, DifferenceKind.EXTRA, None, shown(right), (name,))
        elif upstream.states_identity(name):
            yield from _identity(name, left, right, sent, key)
        elif left != right:
            yield Found(HEADER, name, kind_of(left, right), shown(left), shown(right), (name,))


def _identity(name: str, ours: list[str], theirs: list[str], sent: Request, key: bytes) -> Iterator[Found]:
    """The gateway's own statement comes as extra, a client's that was taken out as missing; the rest is wrong."""
    subject = subject_of(sent, key)
    # Whose an API key is, only the platform knows: the gateway may have asked it.
    known = not subject.key.startswith("fp:") or bool(subject.claimed)
    if len(theirs) > 1:
        yield Found(HEADER, name, DifferenceKind.COUNT, shown(ours), theirs, (name,))
    elif not theirs:
        yield Found(HEADER, name, DifferenceKind.MISSING, shown(ours), None, (name,))
    elif name == "x-user-id" and theirs[0] != subject.name:
        yield Found(HEADER, name, DifferenceKind.CHANGED, subject.name, theirs[0], (name,))
    elif name == "x-organization-id" and known and theirs[0] != subject.organisation:
        yield Found(HEADER, name, DifferenceKind.CHANGED, subject.organisation, theirs[0], (name,))
    elif theirs[0] in ours and name not in {"x-user-id", "x-organization-id"}:
        yield Found(HEADER, name, DifferenceKind.CHANGED, "(not the client's own)", theirs[0], (name,))
    else:
        yield Found(HEADER, name, DifferenceKind.EXTRA, None, theirs[0], (name,))


def _host(passed: Request, service: Service) -> Iterator[Found]:
    hosts = header_values(passed.headers, "host")
    own = {urlsplit(service.internal).netloc, urlsplit(service.legacy).netloc}
    if len(hosts) > 1:
        yield Found(HEADER, "host", DifferenceKind.COUNT, sorted(own), hosts, ("host",))
    elif hosts and hosts[0] not in own:
        yield Found(HEADER, "host", DifferenceKind.CHANGED, urlsplit(service.internal).netloc, hosts[0], ("host",))


def _chain(sent: Request, passed: Request) -> Iterator[Found]:
    name, values = "x-forwarded-for", header_values(passed.headers, "x-forwarded-for")
    hops = [hop.strip() for value in values for hop in value.split(",")]
    if not values:
        yield Found(HEADER, name, DifferenceKind.MISSING, sent.client or "(the client)", None, (name,))
    elif len(values) > 1:
        yield Found(HEADER, name, DifferenceKind.COUNT, sent.client, values, (name,))
    elif sent.client and sent.client not in hops:
        yield Found(HEADER, name, DifferenceKind.CHANGED, sent.client, values[0], (name,))
    else:
        yield Found(HEADER, name, DifferenceKind.EXTRA, None, values[0], (name,))


def _body(sent: Request, passed: Request, budget: Budget) -> Iterator[Found]:
    digest = header(passed.headers, BODY_SHA256)
    if digest is None:
        yield from body.diff((sent.headers, sent.body), (passed.headers, passed.body), location=BODY, budget=budget)
    elif digest != hashlib.sha256(sent.body).hexdigest():
        yield Found(BODY, "digest", DifferenceKind.CHANGED, sent.body, f"sha256 {digest}")
