"""Schemas as OpenAPI 3.1 means them (JSON Schema 2020-12): known keywords of the right shape, and nothing else.

What a service wrote is copied by an allow-list: a broken or hostile document cannot make the merged one invalid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.openapi.described import component

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.openapi.described import Described

Schema = dict[str, Any] | bool
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_SCHEMA = frozenset(
    {
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"dependentSchemas", "patternProperties", "properties"})


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference to a schema of the same service, until it is known under which name that is merged."""

    name: str


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_PLAIN: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "description", "format", "pattern", "contentEncoding", "contentMediaType"), _text),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    "multipleOf": lambda value: _number(value) and value > 0,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count),
    **dict.fromkeys(("minContains", "maxContains"), _count),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), lambda value: isinstance(value, bool)),
    "required": lambda value: isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value),
    "enum": lambda value: isinstance(value, list) and bool(value),
    "examples": lambda value: isinstance(value, list),
    "const": lambda _: True,
    "default": lambda _: True,
}


def schema_of(described: Described, node: Any) -> Schema:
    """The schema, with references to schemas that exist as `Pointer`; anything else is a schema that allows all."""
    if isinstance(node, bool):
        return node
    if not isinstance(node, dict):
        return {}
    reference = _reference(described, node)
    if reference is not None and (described.old or len(node) == 1):
        return reference
    kept: dict[str, Any] = {key: node[key] for key, fits in _PLAIN.items() if key in node and fits(node[key])}
    kept |= _type(node)
    for key in _SCHEMA & node.keys():
        _put(kept, key, schema_of(described, node[key]), fits=isinstance(node[key], dict | bool))
    for key in _SCHEMAS & node.keys():
        parts = node[key] if isinstance(node[key], list) else []
        _put(kept, key, [schema_of(described, part) for part in parts], fits=bool(parts))
    for key in _NAMED & node.keys():
        parts = node[key] if isinstance(node[key], dict) else {}
        _put(kept, key, {name: schema_of(described, part) for name, part in parts.items()}, fits=bool(parts))
    if "example" in node and "examples" not in kept:
        kept["examples"] = [node["example"]]
    kept |= _discriminator(described, node)
    return {**(reference or {}), **(_upgraded(kept, node) if described.old else kept)}


def _reference(described: Described, node: dict[str, Any]) -> dict[str, Any] | None:
    if "$ref" not in node:
        return None
    name = component(node["$ref"], "schemas")
    return {"$ref": Pointer(name)} if name and described.schema(name) is not None else {}


def _put(kept: dict[str, Any], key: str, value: Any, *, fits: bool) -> None:
    if fits:
        kept[key] = value


def _type(node: dict[str, Any]) -> dict[str, Any]:
    named = node.get("type")
    if isinstance(named, list):
        known = [name for name in dict.fromkeys(filter(_text, named)) if name in _TYPES]
        return {"type": known} if known else {}
    return {"type": named} if isinstance(named, str) and named in _TYPES else {}


def _discriminator(described: Described, node: dict[str, Any]) -> dict[str, Any]:
    found = node.get("discriminator")
    name = found.get("propertyName") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(name, str):
        return {}
    mapping = found.get("mapping")
    pointers = {
        value: Pointer(target)
        for value, reference in (mapping.items() if isinstance(mapping, dict) else ())
        if (target := component(reference, "schemas")) and described.schema(target) is not None
    }
    return {"discriminator": {"propertyName": name, **({"mapping": pointers} if pointers else {})}}


def _upgraded(kept: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What 3.0 says otherwise: exclusive bounds as switches, `nullable`, and how bytes are named."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if node.get(exclusive) is True and bound in kept:
            kept[exclusive] = kept.pop(bound)
    match kept.get("format"):
        case "binary":
            del kept["format"]
            kept["contentMediaType"] = "application/octet-stream"
        case "byte":
            del kept["format"]
            kept["contentEncoding"] = "base64"
    if node.get("nullable") is not True:
        return kept
    if "enum" in kept and None not in kept["enum"]:
        kept["enum"] = [*kept["enum"], None]
    if isinstance(kept.get("type"), str):
        return {**kept, "type": [kept["type"], "null"]}
    return {"anyOf": [kept, {"type": "null"}]} if kept else kept
