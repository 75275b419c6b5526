"""The shape of one answer, and where a gateway's answer is not of the shape that legacy's have. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.core.answer_shape import ANY_MEMBER, Answers, AnswerShape, Node, parent
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.normalise.content import Form, media_type, read

if TYPE_CHECKING:
    from gateway.core.exchange import Response

LOCATION = "shape"
LEAST = 5
"""Answers, or occurrences of an object, after which a member that was always there counts as required."""
SURE = 20
"""After so many, what was never there counts as not belonging there: null, a new member, another status."""
_DEPTH = 12
_ITEMS = 50
_MEMBERS = 40
_NAME = re.compile(r"(?!.*\d\D*\d\D*\d\D*\d)[A-Za-z_][A-Za-z0-9_]{0,40}")
"""What is taken for a member's name: an identifier with three digits at most. All else may be data, or secret."""
_ERROR, _FAULT = 400, 500
_OWN = "application/problem+json"
"""What our gateway says itself, which no shape of legacy's can hold."""


def shape_of(response: Response) -> AnswerShape:
    """The shape of one answer."""
    content = read(response.headers, response.body)
    places: dict[str, Node] = {}
    if content.form is Form.JSON:
        _walk(places, "$", content.value, 0)
    return AnswerShape(1, frozenset({media_type(response.headers)}), {}) + AnswerShape(0, frozenset(), places)


def comparable(response: Response) -> bool:
    """Whether an answer was kept whole and speaks for the operation, not for a fault or a gateway's refusal."""
    whole = not response.truncated and response.sum is None
    return whole and response.status < _FAULT and media_type(response.headers) != _OWN


def differences(route: str, response: Response, known: Answers) -> list[Found]:
    """Where the gateway's answer to a write is not of the shape of legacy's; types stand in the place of values."""
    learned = known.shapes.get((route, response.status))
    if learned is None:
        return _status(route, response.status, known)
    given = shape_of(response)
    return [*_media(given, learned), *_missing(given, learned), *_others(given, learned)]


def _walk(places: dict[str, Node], path: str, value: Any, depth: int) -> None:
    kind = _type(value)
    places[path] = places.get(path, Node()) + Node(1, frozenset({kind}), int(kind == "object"))
    if depth >= _DEPTH:
        return
    if isinstance(value, dict):
        plain = len(value) <= _MEMBERS
        for name, member in value.items():
            spoken = name if plain and _NAME.fullmatch(name) else ANY_MEMBER
            _walk(places, f"{path}.{spoken}", member, depth + 1)
    elif isinstance(value, list):
        for item in value[:_ITEMS]:
            _walk(places, f"{path}[*]", item, depth + 1)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "list", str: "string"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "number")


def _status(route: str, status: int, known: Answers) -> list[Found]:
    if status >= _ERROR:
        return []
    usual = {code: shape.answers for (of, code), shape in known.shapes.items() if of == route and code < _ERROR}
    if sum(usual.values()) < SURE:
        return []
    return [
        Found(LOCATION, "status", DifferenceKind.CHANGED, "|".join(str(code) for code in sorted(usual)), str(status))
    ]


def _media(given: AnswerShape, learned: AnswerShape) -> list[Found]:
    if given.media <= learned.media or learned.answers < LEAST:
        return []
    return [Found(LOCATION, "content-type", DifferenceKind.CHANGED, _listed(learned.media), _listed(given.media))]


def _missing(given: AnswerShape, learned: AnswerShape) -> list[Found]:
    found = []
    for path, node in learned.places.items():
        around = parent(path)
        always, times = _around(learned, around), _around(given, around)
        required = always >= LEAST and node.seen == always and not path.endswith(("[*]", f".{ANY_MEMBER}"))
        if required and times > given.places.get(path, Node()).seen:
            found.append(_found(path, DifferenceKind.MISSING, _listed(node.types), None))
    return found


def _others(given: AnswerShape, learned: AnswerShape) -> list[Found]:
    found = []
    for path, node in given.places.items():
        usual = learned.places.get(path)
        if usual is None:
            if _belongs_nowhere(path, learned):
                found.append(_found(path, DifferenceKind.EXTRA, None, _listed(node.types)))
            continue
        strange = node.types - usual.types
        odd = "null" in strange or usual.types == {"null"}
        if strange and usual.seen >= (SURE if odd else LEAST):
            found.append(_found(path, DifferenceKind.TYPE, _listed(usual.types), _listed(node.types)))
    return found


def _belongs_nowhere(path: str, learned: AnswerShape) -> bool:
    """Whether a place that legacy never had is new by itself, in an object that was seen often enough."""
    around = parent(path)
    if learned.full or path.endswith(("[*]", f".{ANY_MEMBER}")) or f"{around}.{ANY_MEMBER}" in learned.places:
        return False
    return (around == "" or around in learned.places) and _around(learned, around) >= SURE


def _around(shape: AnswerShape, around: str) -> int:
    """How often the object around a place was there; around the body itself are the answers."""
    return shape.places.get(around, Node()).objects if around else shape.answers


def _found(path: str, kind: DifferenceKind, legacy: str | None, gateway: str | None) -> Found:
    keys = tuple(part.removesuffix("[*]") for part in path.split(".")[1:])
    return Found(LOCATION, path, kind, legacy, gateway, keys)


def _listed(words: frozenset[str]) -> str:
    return "|".join(sorted(words))
