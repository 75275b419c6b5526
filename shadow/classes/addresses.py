"""Whether a rewritten address leads through the gateway to the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from gateway.core.exchange import Request, header
from gateway.core.mapping import MappingError, to_gateway
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shadow.classes.rule import Case

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def leaves_gateway(found: Found, case: Case) -> bool:
    """Whether a Location of the gateway leads to a service's own address, past the gateway."""
    address = _split(found.gateway)
    return address is None or (bool(address.netloc) and address.netloc in _own(case) - _gateways(case))


def location_kept(found: Found, case: Case) -> bool:
    """Whether legacy's Location, said in gateway terms, is the gateway's."""
    ours, theirs = _split(found.legacy), _split(found.gateway)
    if ours is None or theirs is None or leaves_gateway(found, case):
        return False
    if (ours.netloc and ours.netloc not in _own(case)) or (theirs.netloc and theirs.netloc not in _gateways(case)):
        return False
    return _target(theirs) in _gateway_targets(_target(ours), case)


def untouched(case: Case) -> Iterator[Found]:
    """A Location of the service's own that the gateway passes as it is: equal on both sides, and still wrong."""
    answers = case.pair.answers
    for name in ("location", "content-location") if answers else ():
        assert answers is not None  # noqa: S101 - for the type checker
        value = header(answers[0].headers, name)
        found = Found("header", name, DifferenceKind.CHANGED, value, value, (name,))
        ours = _split(value)
        own = ours is not None and (not ours.netloc or ours.netloc in _own(case))
        if own and value == header(answers[1].headers, name) and not location_kept(found, case):
            yield found


def socket_kept(found: Found, case: Case) -> bool:
    """Whether a rewritten socket address is a websocket route of the gateway, for what the request asked about."""
    theirs = _split(found.gateway)
    if theirs is None or theirs.scheme not in {"ws", "wss"} or theirs.netloc not in _gateways(case):
        return False
    matched = case.table.exposed.find("GET", theirs.path, upgrade=True)
    asked = case.table.exposed.find(case.pair.gateway.request.method, case.pair.gateway.request.path)
    if matched is None or asked is None:
        return False
    same_rest = case.legacy_member("subscription") == case.gateway_member("subscription")
    same_about = all(asked.parameters.get(name) == value for name, value in matched.parameters.items())
    return same_rest and same_about and case.legacy_member("provider") == case.gateway_member("provider")


def _own(case: Case) -> set[str]:
    hosts = {urlsplit(url).netloc for url in (case.service.legacy, case.service.internal)}
    return hosts | {case.service.shadow_listen, header(case.request.headers, "host") or ""}


def _gateways(case: Case) -> set[str]:
    hosts = {urlsplit(url).netloc for url in (case.gateway_url, case.table.policy.public_url)}
    asked = header(case.pair.gateway.request.headers, "host")
    return hosts | ({asked} if asked and asked not in _own(case) else set()) | {case.table.policy.listen}


def _split(value: Any) -> SplitResult | None:
    try:
        return urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _target(address: SplitResult) -> str:
    return (
        address.path
        + (f"?{address.query}" if address.query else "")
        + (f"#{address.fragment}" * bool(address.fragment))
    )


def _gateway_targets(target: str, case: Case) -> set[str]:
    """The target in gateway terms; itself when no route has it, so that at least the host is kept off the service."""
    path, _, rest = target.partition("?")
    found = set()
    for method in (case.request.method, *_METHODS):
        matched = case.table.legacy(case.pair.route.service).find(method, path)
        if matched is None or matched.route.gateway is None:
            continue
        try:
            asked = Request(method, f"{path}?{rest}" if rest else path)
            found.add(to_gateway(matched.route, matched.parameters, asked).target)
        except MappingError:
            continue
    return found or {target}
