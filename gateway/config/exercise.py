"""The `exercise:` list of a route."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import filled
from gateway.core.exercise import Example

if TYPE_CHECKING:
    from gateway.config.section import Section
    from gateway.core.routes import Target

_JSON = "application/json"


def read_examples(section: Section, legacy: Target | None) -> tuple[Example, ...]:
    """Examples of calls in legacy terms, each with `path`, `query`, `body` and `type`."""
    examples = []
    for entry in section.listed("exercise", f"{section.name}: exercise"):
        if entry.node_is_wrong:
            continue
        path = entry.section("path").pairs(str, filled)
        kind = entry.read("type", filled, _JSON)
        body = entry.read("body", _json if kind == _JSON else str, "")
        example = Example(path, entry.read("query", str, "").removeprefix("?"), body, kind)
        for name in sorted(set(path) - set(legacy.path.names if legacy else path)):
            entry.wrong("path", f"{name} is no parameter of {legacy}", "name those of legacy: only")
        entry.close()
        examples.append(example)
    return tuple(examples)


def _json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        raise Wrong(f"is no JSON: {text!r:.40}", "write JSON in quotes, or name its type:") from None
    return text
