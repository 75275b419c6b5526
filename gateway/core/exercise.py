"""An example of a call, for routes that nobody calls often enough to be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Example:
    """A call in legacy terms: plain path parameters, raw query, body of a content type; `origin` is who gave it."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    body: str = ""
    type: str = "application/json"
    origin: str = "declared"
