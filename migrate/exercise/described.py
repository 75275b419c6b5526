"""Examples from a service's OpenAPI document: what is required, each further parameter, all together. Pure."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway.core.exercise import Example
from migrate.exercise.call import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.routes import Target

MOST = 12
"""Examples of one operation."""
_DEEPEST = 4
_BLANK = re.compile(r"\{[^}]*\}")
_FORMATS = {"uuid": NOBODY, "date-time": "2026-01-01T00:00:00", "date": "2026-01-01", "email": "nobody@example.com"}
_SIMPLE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "string": "x", "null": None}

type Document = dict[str, Any]


def examples(document: Document, target: Target) -> tuple[Example, ...]:
    """Distinct examples of the operation at a method and path; none when the document has no such operation."""
    operation, inherited = _operation(document, target)
    if operation is None:
        return ()
    given = [_resolved(document, one) for one in [*inherited, *operation.get("parameters", [])]]
    parameters = [one for one in given if one.get("in") == "query" and isinstance(one.get("name"), str)]
    required = [one for one in parameters if one.get("required")]
    schema = _body_schema(document, operation)
    queries = [required, *([*required, one] for one in parameters if one not in required), parameters]
    bodies = [_value(document, schema, full=full) if schema else None for full in (False, True)]
    return tuple(islice(_distinct(document, queries, bodies), MOST))


def _distinct(document: Document, queries: list[list[Document]], bodies: list[Any]) -> Iterator[Example]:
    seen: set[tuple[str, str]] = set()
    pairs = [(queries[0], bodies[0]), (queries[-1], bodies[1]), *((query, bodies[0]) for query in queries[1:-1])]
    for query, body in pairs:
        raw = "&".join(f"{quote(one['name'], safe='')}={_text(document, one)}" for one in query)
        text = "" if body is None else json.dumps(body)
        if (raw, text) not in seen:
            seen.add((raw, text))
            yield Example(query=raw, body=text, origin="openapi")


def _operation(document: Document, target: Target) -> tuple[Document | None, list[Any]]:
    wanted = _BLANK.sub("{}", target.path.text)
    for path, item in document.get("paths", {}).items():
        if _BLANK.sub("{}", path) == wanted and isinstance(item, dict):
            found = item.get(target.method.lower())
            return (found if isinstance(found, dict) else None), item.get("parameters", [])
    return None, []


def _body_schema(document: Document, operation: Document) -> Document | None:
    body = _resolved(document, operation.get("requestBody") or {})
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    return schema if isinstance(schema, dict) else None


def _text(document: Document, parameter: Document) -> str:
    value = parameter.get("example", _value(document, parameter.get("schema") or {}, full=False))
    return quote(value if isinstance(value, str) else json.dumps(value), safe="")


def _value(document: Document, schema: Document, *, full: bool, depth: int = 0) -> Any:
    """A value that the schema allows; `full` fills in what is optional too."""
    schema = _resolved(document, schema)
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    choice = next((one for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, [])), None)
    if choice is not None:
        return _value(document, choice, full=full, depth=depth)
    if schema.get("type") == "object" or "properties" in schema:
        return _object(document, schema, full=full, depth=depth)
    if schema.get("type") == "array":
        return [_value(document, schema.get("items") or {}, full=full, depth=depth + 1)] if depth < _DEEPEST else []
    return _FORMATS.get(str(schema.get("format")), _SIMPLE.get(str(schema.get("type", "string")), "x"))


def _object(document: Document, schema: Document, *, full: bool, depth: int) -> Document:
    if depth >= _DEEPEST:
        return {}
    required = schema.get("required", [])
    return {
        name: _value(document, member, full=full, depth=depth + 1)
        for name, member in schema.get("properties", {}).items()
        if (full or name in required) and isinstance(member, dict)
    }


def _resolved(document: Document, node: Any) -> Document:
    """The node, or what its local reference leads to; an empty one where that is nothing."""
    for _ in range(_DEEPEST):
        if not isinstance(node, dict) or "$ref" not in node:
            break
        found: Any = document
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        node = found
    return node if isinstance(node, dict) and "$ref" not in node else {}
