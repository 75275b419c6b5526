"""The merged document: operations under gateway paths, schemas under names that do not collide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.core.routes import Kind
from gateway.openapi.operation import group, operation
from gateway.openapi.own import SCHEMAS, components
from gateway.openapi.pages import pages
from gateway.openapi.schema import Pointer, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.openapi.described import Described

    Names = Mapping[tuple[str, str], str]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_PARAMETER = re.compile(r"\{([^{}/]*?)\*?\}")


def merged(
    table: RouteTable, documents: Mapping[str, Described | None], *, prefix: str, url: str, version: str
) -> dict[str, Any]:
    """Every exposed HTTP route, with what the document of its service says of it; a service without one is told of.

    Stages are put in by `with_stages`.
    """
    exposed = [route for route in table.routes if route.gateway is not None and route.kind is not Kind.WEBSOCKET]
    operations = {route.id: operation(route, documents.get(route.service)) for route in exposed}
    known = {
        service: _reached(described, [operations[route.id] for route in exposed if route.service == service])
        for service, described in documents.items()
        if described is not None
    }
    names = _names(known)
    schemas = {
        names[service, name]: _resolved(schema, service, names)
        for service, listed in known.items()
        for name, schema in listed.items()
    }
    paths = _paths(exposed, {route.id: _resolved(operations[route.id], route.service, names) for route in exposed})
    bare = sorted({route.service for route in exposed if documents.get(route.service) is None})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{table.platform} through the gateway",
            "version": version,
            "description": " ".join(["Every operation on its gateway path.", *_without(table, bare)]),
            "x-cutover-without-document": bare,
        },
        "servers": [{"url": url}],
        "tags": [{"name": name} for name in dict.fromkeys([*map(group, exposed), "cutover"])],
        "paths": {**paths, **pages(prefix)},
        "components": components(schemas),
    }


def with_stages(document: dict[str, Any], stages: Mapping[str, str]) -> dict[str, Any]:
    """The document with each route's stage as `x-cutover-stage`; the one given stays as it is."""
    paths = {
        path: {
            method: {**said, "x-cutover-stage": stages[said["operationId"]]}
            if said["operationId"] in stages
            else said
            for method, said in item.items()
        }
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}


def _without(table: RouteTable, services: list[str]) -> Iterator[str]:
    unread = [name for name in services if table.services[name].openapi]
    undeclared = [name for name in services if name not in unread]
    if undeclared:
        yield f"Of {', '.join(undeclared)} only the route table is known: none of their documents is named there."
    if unread:
        yield f"Of {', '.join(unread)} only the route table is known: their own documents could not be read."


def _paths(exposed: Iterable[Route], operations: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Path items; where two routes name a parameter of one path differently, the first one's name holds for both."""
    spelled: dict[str, str] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in exposed:
        assert route.gateway is not None  # noqa: S101 - exposed routes have one
        method, text = route.gateway.method.lower(), _PARAMETER.sub(r"{\1}", route.gateway.path.text)
        path = spelled.setdefault(_PARAMETER.sub("{}", text), text)
        said = _with_names(
            operations[route.id], dict(zip(_PARAMETER.findall(text), _PARAMETER.findall(path), strict=True))
        )
        if method in paths.get(path, {}):
            # `{id}` and `{id*}` are two paths to the gateway and one to OpenAPI: the rest is told apart by its name.
            last = _PARAMETER.findall(text)[-1]
            path, said = f"{path.rpartition('/')[0]}/{{{last}-rest}}", _with_names(said, {last: f"{last}-rest"})
        paths.setdefault(path, {})[method] = said
    return paths


def _with_names(said: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    parameters = [
        {**item, "name": names.get(item["name"], item["name"])} if item.get("in") == "path" else item
        for item in said["parameters"]
    ]
    return {**said, "parameters": parameters}


def _reached(described: Described, operations: Iterable[Any]) -> dict[str, Any]:
    """The schemas that operations lead to, so that what is only internal stays out."""
    reached: dict[str, Any] = {}
    waiting = list(_pointers(list(operations)))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = schema_of(described, described.schema(name))
            waiting.extend(_pointers(reached[name]))
    return dict(sorted(reached.items()))


def _pointers(value: Any) -> Iterator[str]:
    if isinstance(value, Pointer):
        yield value.name
    elif isinstance(value, dict):
        for item in value.values():
            yield from _pointers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pointers(item)


def _names(known: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """A name for each schema: its own where all services mean the same by it, else with its service before it."""
    differing = _differing(known)
    names: dict[tuple[str, str], str] = {}
    taken = {*SCHEMAS}
    for service, schemas in known.items():
        for name in schemas:
            wanted = _UNSAFE.sub("_", name)
            shared = name not in differing and wanted == name and name not in SCHEMAS
            names[service, name] = name if shared else _free(f"{service}.{wanted}", taken)
            taken.add(names[service, name])
    return names


def _free(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _differing(known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Names by which two services mean something else, or the same in terms of something else."""
    meanings: dict[str, list[Any]] = {}
    for schemas in known.values():
        for name, schema in schemas.items():
            meanings.setdefault(name, []).append(schema)
    shared = {name: schemas for name, schemas in meanings.items() if len(schemas) > 1}
    differing = {name for name, schemas in shared.items() if any(schema != schemas[0] for schema in schemas)}
    while more := {
        name
        for name, schemas in shared.items()
        if name not in differing and any(pointer in differing for pointer in _pointers(schemas[0]))
    }:
        differing |= more
    return differing


def _resolved(value: Any, service: str, names: Names) -> Any:
    if isinstance(value, Pointer):
        return f"#/components/schemas/{names[service, value.name]}"
    if isinstance(value, dict):
        return {key: _resolved(item, service, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, service, names) for item in value]
    return value
