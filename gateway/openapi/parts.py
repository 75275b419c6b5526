"""Parameters, bodies and answers of an operation, copied by an allow-list as schemas are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.openapi.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.openapi.described import Described

Parts = dict[str, Any]
_STYLES = {
    "path": ("matrix", "label", "simple"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_STATUS = re.compile(r"[1-5](\d\d|XX)|default")
_KIND = re.compile(r"[^\s/;]+/[^\s/;]+(\s*;.*)?")
ANYTHING = {"type": "string"}


def parameters(described: Described, nodes: Iterable[Any]) -> dict[tuple[str, str], Parts]:
    """Parameters by place and name; a later one replaces an earlier one."""
    found = {}
    for node in nodes:
        parameter = _parameter(described, described.resolved(node, "parameters"))
        if parameter:
            found[parameter["in"], parameter["name"]] = parameter
    return found


def _parameter(described: Described, node: Mapping[str, Any]) -> Parts:
    place, name = node.get("in"), node.get("name")
    if not isinstance(place, str) or place not in _STYLES or not isinstance(name, str) or not name:
        return {}
    kept: Parts = {"name": name, "in": place, **_told(node)}
    if node.get("required") is True or place == "path":
        kept["required"] = True
    if node.get("deprecated") is True:
        kept["deprecated"] = True
    return {**kept, **_valued(described, node, _STYLES[place])}


def _valued(described: Described, node: Mapping[str, Any], styles: tuple[str, ...]) -> Parts:
    content = media(described, node.get("content"))
    if len(content) == 1:
        return {"content": content}
    kept: Parts = {"schema": schema_of(described, node.get("schema", ANYTHING)), **_examples(described, node)}
    if node.get("style") in styles:
        kept["style"] = node["style"]
    if isinstance(node.get("explode"), bool):
        kept["explode"] = node["explode"]
    return kept


def body(described: Described, node: Any) -> Parts:
    """A request body; empty when there is none."""
    found = described.resolved(node, "requestBodies")
    content = media(described, found.get("content"))
    if not content:
        return {}
    required = {"required": True} if found.get("required") is True else {}
    return {**_told(found), "content": content, **required}


def answers(described: Described, node: Any) -> dict[str, Parts]:
    """Answers by status."""
    listed = node if isinstance(node, dict) else {}
    return {
        status: _answer(described, described.resolved(answer, "responses"))
        for status, answer in listed.items()
        if _STATUS.fullmatch(status)
    }


def _answer(described: Described, node: Mapping[str, Any]) -> Parts:
    told = node.get("description")
    kept: Parts = {"description": told if isinstance(told, str) else "As the service answers"}
    headers = node.get("headers")
    named = {
        name: {**_told(header), **_valued(described, header, ("simple",))}
        for name, raw in (headers.items() if isinstance(headers, dict) else ())
        if name.lower() != "content-type" and (header := described.resolved(raw, "headers"))
    }
    content = media(described, node.get("content"))
    return {**kept, **({"headers": named} if named else {}), **({"content": content} if content else {})}


def media(described: Described, node: Any) -> dict[str, Parts]:
    """Contents by media type."""
    listed = node if isinstance(node, dict) else {}
    return {
        kind: {
            **({"schema": schema_of(described, item["schema"])} if "schema" in item else {}),
            **_examples(described, item),
        }
        for kind, item in listed.items()
        if _KIND.fullmatch(kind) and isinstance(item, dict)
    }


def _examples(described: Described, node: Mapping[str, Any]) -> Parts:
    listed = node.get("examples")
    if isinstance(listed, dict) and listed:
        named = {name: described.resolved(item, "examples") for name, item in listed.items()}
        return {
            "examples": {
                name: {**_told(item, "summary"), "value": item["value"]}
                for name, item in named.items()
                if "value" in item
            }
        }
    return {"example": node["example"]} if "example" in node else {}


def _told(node: Mapping[str, Any], *keys: str) -> Parts:
    return {key: node[key] for key in ("description", *keys) if isinstance(node.get(key), str)}
