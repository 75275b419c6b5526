"""The shape of answers to writes: which members stand where, of which types, how often. It holds no value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACES = 400
"""Places kept of one shape; beyond them it is `full`, and nothing in it is told to be extra."""
ANY_MEMBER = "*"
"""Stands for members whose names are data."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place over all answers: how often it was there, of which JSON types, and how often it was an object."""

    seen: int = 0
    types: frozenset[str] = frozenset()
    objects: int = 0

    def __add__(self, other: Node) -> Node:
        """Both together."""
        return Node(self.seen + other.seen, self.types | other.types, self.objects + other.objects)


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """`answers` answers of one route and status, added up.

    `places` maps a place (`$.items[*].id`) to what stood there; what stands in a list is one
    place. `media` are the media types.
    """

    answers: int = 0
    media: frozenset[str] = frozenset()
    places: Mapping[str, Node] = field(default_factory=dict)
    full: bool = False

    def __add__(self, other: AnswerShape) -> AnswerShape:
        """Both together; in any order, and however grouped, as long as it is not full."""
        places, full = dict(self.places), self.full or other.full
        for path, node in other.places.items():
            if path in places or len(places) < PLACES:
                places[path] = places.get(path, Node()) + node
            else:
                full = True
        return AnswerShape(self.answers + other.answers, self.media | other.media, places, full)

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "answers": self.answers,
            "media": sorted(self.media),
            "full": self.full,
            "places": {path: [n.seen, sorted(n.types), n.objects] for path, n in self.places.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> AnswerShape:
        """The inverse of `to_json`."""
        places = {path: Node(seen, frozenset(types), n) for path, (seen, types, n) in document["places"].items()}
        return cls(document["answers"], frozenset(document["media"]), places, document["full"])


def parent(path: str) -> str:
    """The place around a place; empty for the body itself."""
    return path[:-3] if path.endswith("[*]") else path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was learned of one answer or of many, by route and status."""

    shapes: Mapping[tuple[str, int], AnswerShape] = field(default_factory=dict)

    def __add__(self, other: Answers) -> Answers:
        """Both together."""
        both = dict(self.shapes)
        for key, shape in other.shapes.items():
            both[key] = both.get(key, AnswerShape()) + shape
        return Answers(both)
