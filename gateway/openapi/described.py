"""One service's OpenAPI document, as far as it can be used."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Target

DEEPEST = 100
"""How deeply a document may nest: a schema a person wrote stays below twenty."""
_PARAMETER = re.compile(r"\{([^{}/]*)\}")
_VERSION = re.compile(r"3\.[012]\.\d+")
_HOPS = 8


class Unusable(ValueError):  # noqa: N818 - a finding about somebody else's document
    """It is no OpenAPI 3 document."""


@dataclass(frozen=True, slots=True)
class Found:
    """An operation of the document, its path's shared parameters, and the document's names of the path parameters."""

    operation: Mapping[str, Any]
    shared: tuple[Any, ...]
    names: tuple[str, ...]


class Described:
    """Operations and schemas of one document. Nothing in it is trusted to have the shape the standard asks for.

    `old` says that it is OpenAPI 3.0, whose schemas mean other things in places.

    Raises:
        Unusable: the text is no JSON, no OpenAPI 3.0 to 3.2, or nests more deeply than `DEEPEST`.
    """

    def __init__(self, text: bytes) -> None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise Unusable("it is no JSON") from None
        version = document.get("openapi") if isinstance(document, dict) else None
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise Unusable("it is no OpenAPI 3 document")
        if _depth(document) > DEEPEST:
            raise Unusable(f"it nests more deeply than {DEEPEST} levels")
        self.old = version.startswith("3.0.")
        self._components = _mapping(document.get("components"))
        self._paths: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for path, item in _mapping(document.get("paths")).items():
            self._paths.setdefault(_shape(path), (path, _mapping(item)))

    def find(self, target: Target) -> Found | None:
        """What the document says of a method and path; parameters may have other names in it."""
        path, item = self._paths.get(_shape(target.path.text), ("", {}))
        operation = item.get(target.method.lower())
        if not isinstance(operation, dict):
            return None
        shared = item.get("parameters")
        return Found(operation, tuple(shared) if isinstance(shared, list) else (), tuple(_PARAMETER.findall(path)))

    def resolved(self, node: Any, kind: str) -> Mapping[str, Any]:
        """The object a node is or refers to among the components of one kind; empty when there is none."""
        for _ in range(_HOPS):
            if not isinstance(node, dict):
                return {}
            if "$ref" not in node:
                return node
            node = _mapping(self._components.get(kind)).get(component(node["$ref"], kind))
        return {}

    def schema(self, name: str) -> Any:
        """A schema by name; None when there is none."""
        found = _mapping(self._components.get("schemas")).get(name)
        return found if isinstance(found, dict | bool) else None


def component(reference: Any, kind: str) -> str:
    """The name in a reference to a component of this kind; empty when it refers to something else."""
    prefix = f"#/components/{kind}/"
    if not isinstance(reference, str) or not reference.startswith(prefix):
        return ""
    name = reference.removeprefix(prefix)
    return "" if "/" in name else name.replace("~1", "/").replace("~0", "~")


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _depth(document: Any) -> int:
    level, depth = [document], 0
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return depth
