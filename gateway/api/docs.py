"""The merged document as one page: everything in it, nothing from elsewhere, whatever services wrote escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_FOLDER = files(__package__) / "templates"
_ENOUGH = 12
"""Values of an enumeration that are shown."""


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_STYLE, _SCRIPT = _asset("docs.css"), _asset("docs.js")
CONTENT_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
"""The page's own style and script and nothing else (CSP level 3): what is not ours stays dead."""


@cache
def _environment() -> Environment:
    loader = DictLoader({"docs.html": _asset("docs.html")})
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals = {
        "style": Markup(_STYLE),  # noqa: S704 - our own file
        "script": Markup(_SCRIPT),  # noqa: S704 - likewise
        "kind": kind,
        "members": members,
    }
    return environment


def docs_page(document: dict[str, Any], source: str) -> str:
    """The page of an OpenAPI document; `source` is where the document itself stands."""
    template = _environment().get_template("docs.html")
    return template.render(
        info=document["info"],
        source=source,
        groups=_groups(document),
        schemas=document["components"]["schemas"],
        problems=document["components"]["responses"],
    )


def _groups(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Operations by their first tag, in the order of the document's tags."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for operation in _operations(document):
        groups.setdefault(operation["tag"], []).append(operation)
    return [(name, listed) for name, listed in groups.items() if listed]


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _shown(document, path, method, item[method])


def _shown(document: dict[str, Any], path: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
    extras = {key.removeprefix("x-cutover-"): value for key, value in said.items() if key.startswith("x-cutover-")}
    access = " or ".join(name for choice in said["security"] for name in choice) or "public"
    return {
        "id": said["operationId"],
        "tag": said["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": said.get("summary", ""),
        "description": said.get("description", ""),
        "deprecated": said.get("deprecated", False),
        "access": access,
        "extras": extras,
        "parameters": [_resolved(document, "parameters", item) for item in said.get("parameters", [])],
        "body": said.get("requestBody", {}),
        "answers": [
            (status, _resolved(document, "responses", answer)) for status, answer in said["responses"].items()
        ],
    }


def _resolved(document: dict[str, Any], kind: str, item: dict[str, Any]) -> dict[str, Any]:
    name = item.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"][kind][name] if name else item
    return found


def kind(schema: Any) -> list[tuple[str, str]]:
    """A schema in a few words: pairs of text and the name of the schema it links to."""
    if not isinstance(schema, dict):
        return [("anything" if schema else "nothing", "")]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [(name, name)]
    for key, joint in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if key in schema:
            parts = [kind(part) for part in schema[key]]
            return [piece for index, part in enumerate(parts) for piece in ([(joint, "")] if index else []) + part]
    if "items" in schema:
        return [("array of ", ""), *kind(schema["items"])]
    return [(_word(schema), "")]


def _word(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"][:_ENOUGH])
    if "const" in schema:
        return repr(schema["const"])
    named = schema.get("type", "anything")
    text = " or ".join(named) if isinstance(named, list) else str(named)
    return f"{text} ({schema['format']})" if "format" in schema else text


def members(schema: Any) -> list[tuple[str, Any, bool]]:
    """The members of an object schema: name, schema, whether required."""
    if not isinstance(schema, dict):
        return []
    required = schema.get("required", [])
    return [(name, part, name in required) for name, part in schema.get("properties", {}).items()]
