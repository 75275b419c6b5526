"""The parameter shape of a request: which parameters it has, never their values; for coverage and deduplication."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from shadow.diff.pairs import raw
from shadow.normalise.content import Form, read
from shadow.normalise.multipart import parse as parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Request
    from gateway.core.routes import Route

_LONGEST = 200
_MOST_KEYS = 40


def shape_of(route: Route, request: Request) -> str:
    """Path parameters, sorted query names, and the body's member paths two levels deep: `path:id query:limit,skip`.

    `[]` marks lists and repeated parameters. A long shape ends in a digest. `request` is in legacy terms.
    """
    parts = {
        "path": sorted(_parameters(route, request)),
        "query": sorted(set(_repeated([name for name, _ in raw(request.query) if name]))),
        "body": sorted(set(_body(request))),
    }
    text = " ".join(f"{name}:{','.join(names)}" for name, names in parts.items() if names)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}…{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def _parameters(route: Route, request: Request) -> list[str]:
    for target in route.legacy_targets:
        found = target.path.match(request.path)
        if found is not None:
            return list(found)
    return []


def _repeated(names: list[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        yield f"{name}[]" if count > 1 else name


def _body(request: Request) -> list[str]:
    content = read(request.headers, request.body)
    match content.form:
        case Form.EMPTY:
            return []
        case Form.JSON:
            return list(_members(content.value, 2))[:_MOST_KEYS] or ["json"]
        case Form.FORM:
            return list(_repeated([name for name, _ in raw(content.value)][:_MOST_KEYS]))
        case Form.MULTIPART:
            return [part.name for part in (parts_of(content.data, content.boundary) or [])[:_MOST_KEYS]]
        case form:
            return [str(form)]


def _members(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, list):
        yield "[]"
        return
    if not isinstance(value, dict) or not depth:
        return
    for name, item in value.items():
        yield f"{name}[]" if isinstance(item, list) else name
        if isinstance(item, dict):
            for inner in _members(item, depth - 1):
                yield f"{name}.{inner}"
