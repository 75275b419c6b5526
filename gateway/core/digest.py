"""The route digest: what evidence is tied to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from gateway.core.listening import Tls
from gateway.core.path import PathPattern
from gateway.core.policy import Api

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable


def route_digest(table: RouteTable, route: Route, version: str) -> str:
    """Sixteen hex digits over what decides a route's behaviour: route, service, policy, gateway version.

    Addresses are left out of it: the same platform on other ports behaves the same. Rules and changes too, what is
    only told (documents, titles, the gateway's own pages), and how many copies are made. That the gateway is not ours
    counts, its address does not.
    """
    service = dataclasses.replace(
        table.services[route.service],
        legacy="",
        internal="",
        shadow_listen="",
        openapi="",
        health="",
        title="",
        platform_limit=None,
    )
    policy = dataclasses.replace(
        table.policy, listen="", internal_listen="", public_url="", instances=1, tls=Tls(), api=Api(), passthrough=""
    )
    shadow = dataclasses.replace(route.shadow, second=None)
    route = dataclasses.replace(route, shadow=shadow, platform_limit=None)
    foreign = ["foreign"] if table.mirroring.foreign else []
    return _hash([route, service, policy, table.limits.get(route.limit), version, *foreign])


def table_digest(table: RouteTable, version: str) -> str:
    """Sixteen hex digits over everything a table says, addresses included: of one digest, two serve alike."""
    everything = [getattr(table, item.name) for item in dataclasses.fields(table) if item.compare]
    return _hash([*everything, version])


def _hash(parts: list[Any]) -> str:
    text = json.dumps([_plain(part) for part in parts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, PathPattern):
        return value.text
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
