"""Path patterns over raw (still percent-encoded) paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\*?)\}")


@dataclass(frozen=True)
class PathPattern:
    """A path with named parameters: `/pools/{id}`; a last `{rest*}` takes one or more segments.

    Values are never decoded, so `%2F` in a segment stays one segment (RFC 3986 §2.2).

    Raises:
        ValueError: the text is no path, a parameter is not a whole segment, or a name repeats.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text.startswith("/"):
            raise ValueError(f"path {self.text!r} must start with '/'")
        if "?" in self.text or "#" in self.text:
            raise ValueError(f"path {self.text!r} must not carry a query or fragment")
        segments = self.text.split("/")[1:]
        for position, segment in enumerate(segments):
            found = _PARAMETER.fullmatch(segment)
            if not found and ("{" in segment or "}" in segment):
                raise ValueError(f"parameter in {self.text!r} must be a whole segment: {segment!r}")
            if found and found[2] and position != len(segments) - 1:
                raise ValueError(f"{segment!r} in {self.text!r} must be the last segment")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"path {self.text!r} names a parameter twice")

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The raw segments after the first slash."""
        return tuple(self.text.split("/")[1:])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(name for name, _ in _PARAMETER.findall(self.text))

    @property
    def shape(self) -> str:
        """The path with parameter names blanked: equal shapes match the same requests."""
        return _PARAMETER.sub(r"{\2}", self.text)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        parts = []
        for segment in self.segments:
            found = _PARAMETER.fullmatch(segment)
            if found:
                parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
            else:
                parts.append(re.escape(segment))
        return re.compile("/" + "/".join(parts), re.DOTALL)

    @cached_property
    def _pieces(self) -> tuple[tuple[str, str], ...]:
        found = [(segment, _PARAMETER.fullmatch(segment)) for segment in self.segments]
        return tuple((segment, parameter[1] if parameter else "") for segment, parameter in found)

    def match(self, raw_path: str) -> dict[str, str] | None:
        """Raw parameter values when `raw_path` matches, else None."""
        found = self._regex.fullmatch(raw_path)
        return found.groupdict() if found else None

    def fill(self, parameters: Mapping[str, str]) -> str:
        """The raw path with raw parameter values put in.

        Raises:
            KeyError: a parameter is missing.
        """
        if not self.names:
            return self.text
        return "/" + "/".join([parameters[name] if name else literal for literal, name in self._pieces])

    def rank(self) -> tuple[int, ...]:
        """Sort key: literal segments before parameters before a greedy rest, left to right."""
        return tuple(
            0 if not (found := _PARAMETER.fullmatch(segment)) else 2 if found[2] else 1 for segment in self.segments
        )
