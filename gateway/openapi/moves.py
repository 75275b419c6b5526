"""Parameters of an operation from where the service has them to where the gateway does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.core.routes import Place, Where
from gateway.openapi.parts import ANYTHING
from gateway.openapi.schema import Pointer, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Route
    from gateway.openapi.described import Described
    from gateway.openapi.parts import Parts

    Parameters = dict[tuple[str, str], Parts]

_JSON = "application/json"


def renamed(parameters: Parameters, names: Mapping[str, str]) -> Parameters:
    """Path parameters under the route's own names for them; others stay."""
    return {
        (place, new): {**parameter, "name": new}
        for (place, name), parameter in parameters.items()
        if (new := names.get(name, name) if place == "path" else name)
    }


def moved(described: Described, route: Route, parameters: Parameters, body: Parts) -> tuple[Parameters, Parts]:
    """Parameters and body as a client of the gateway sends them; every parameter of the gateway's path is there."""
    assert route.gateway is not None  # noqa: S101 - internal routes are in no document
    kept, shape = dict(parameters), _Body(described, body)
    taken = [(move.gateway, _take(move.legacy, kept, shape)) for move in route.moves]
    for place, (parameter, required) in taken:
        if place.where is Where.BODY:
            shape.put(place.name, parameter.get("schema", ANYTHING), required=required)
        else:
            kept[str(place.where), place.name] = _at(place, parameter, required=required)
    for name in route.gateway.path.names:
        kept.setdefault(("path", name), {"name": name, "in": "path", "required": True, "schema": ANYTHING})
    names = set(route.gateway.path.names)
    return {key: value for key, value in kept.items() if key[0] != "path" or key[1] in names}, shape.written()


def _take(place: Place, parameters: Parameters, body: _Body) -> tuple[Parts, bool]:
    if place.where is Where.BODY:
        return body.take(place.name)
    found = parameters.pop((str(place.where), place.name), {"schema": ANYTHING})
    return found, bool(found.get("required"))


def _at(place: Place, parameter: Parts, *, required: bool) -> Parts:
    told: Parts = {key: parameter[key] for key in ("description", "schema", "content", "example") if key in parameter}
    needed = required or place.where is Where.PATH
    valued = told if "schema" in told or "content" in told else {**told, "schema": ANYTHING}
    return {"name": place.name, "in": str(place.where), **({"required": True} if needed else {}), **valued}


class _Body:
    """A JSON object body whose members can be taken out and put in; any other body stays as it is."""

    def __init__(self, described: Described, body: Parts) -> None:
        self._described = described
        self._body = body
        self._object: dict[str, Any] | None = None

    def take(self, name: str) -> tuple[Parts, bool]:
        """A member's schema as a parameter, and whether it is required."""
        known = self._load()
        schema = known["properties"].pop(name, ANYTHING)
        required = name in known["required"]
        known["required"] = [item for item in known["required"] if item != name]
        told = schema.get("description") if isinstance(schema, dict) else None
        return {"schema": schema, **({"description": told} if isinstance(told, str) else {})}, required

    def put(self, name: str, schema: Any, *, required: bool) -> None:
        """A member more."""
        known = self._load()
        known["properties"][name] = schema
        known["required"] = [*known["required"], *([name] if required else [])]

    def written(self) -> Parts:
        """The body; nothing when its last member moved away."""
        if self._object is None:
            return self._body
        if not self._object["properties"]:
            return {}
        schema = {key: value for key, value in self._object.items() if value not in ([], {})}
        required = {"required": True} if self._object["required"] else {}
        return {"content": {_JSON: {"schema": schema}}, **required}

    def _load(self) -> dict[str, Any]:
        if self._object is None:
            schema = self._plain(self._body.get("content", {}).get(_JSON, {}).get("schema", {}))
            self._object = {
                **{key: value for key, value in schema.items() if key not in {"examples", "title"}},
                "type": "object",
                "properties": dict(schema.get("properties", {})),
                "required": list(schema.get("required", [])),
            }
        return self._object

    def _plain(self, schema: Any) -> dict[str, Any]:
        """The object schema behind references and one-sided alternatives (`X | None`)."""
        for _ in range(8):
            if not isinstance(schema, dict):
                return {}
            choices = [item for item in schema.get("anyOf", ()) if item != {"type": "null"}]
            if isinstance(pointer := schema.get("$ref"), Pointer):
                schema = schema_of(self._described, self._described.schema(pointer.name))
            elif len(choices) == 1 and "properties" not in schema:
                schema = choices[0]
            else:
                return schema
        return {}
