"""One mapping of the file, read key by key; a key that nobody asked for is unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from gateway.config.problem import Lined, Wrong
from gateway.core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.config.problem import Findings

_SECRET_KEY = re.compile(r"secret|passw|token|credential|private_?key|api_?key$|internal_key$", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.|(?<![A-Za-z0-9])sk-[A-Za-z0-9]{12,}|://[^/@\s]*:[^/@\s]*@|-----BEGIN "
)
_ENVIRONMENT = "remove it and set CUTOVER_JWT_SECRET or CUTOVER_INTERNAL_KEY in the environment"


class Section:
    """A mapping with its name and line. Reading never raises: problems go to the findings, defaults come back."""

    def __init__(self, name: str, line: int, findings: Findings) -> None:
        self.name = name
        self.line = line
        self.node_is_wrong = False
        self._findings = findings
        self._entries: dict[str, tuple[int, yaml.Node]] = {}
        self._asked: dict[str, None] = {}

    @classmethod
    def of(cls, name: str, node: yaml.Node, findings: Findings) -> Section:
        """The section that a node holds; anything but a mapping is a problem."""
        section = cls(name, _line(node), findings)
        if isinstance(node, yaml.MappingNode):
            section._take(node, set())
        else:
            section.node_is_wrong = True
            findings.add(section.line, f"{name or 'the file'} must be a mapping", "write `key: value` lines here")
        return section

    def _take(self, node: yaml.MappingNode, merging: set[int]) -> None:
        own: dict[str, int] = {}
        for key, value in node.value:
            line = _line(key)
            if key.tag == "tag:yaml.org,2002:merge":
                self._merge(value, merging | {id(node)})
            elif not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                shown = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                self._wrong(line, f"key {shown!r:.40} is no text", f'put quotes around it: "{shown:.40}"')
            elif key.value in own:
                self._wrong(line, f"key {key.value} is already on line {own[key.value]}", "keep one of the two")
            else:
                own[key.value] = line
                self._entries[key.value] = (line, value)

    def _merge(self, node: yaml.Node, merging: set[int]) -> None:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, yaml.MappingNode) or id(source) in merging:
                self._wrong(_line(node), "<< takes a mapping", "write `<<: *name` of an anchored mapping")
                continue
            before = dict(self._entries)
            self._take(source, merging)
            self._entries.update({key: entry for key, entry in before.items() if key in self._entries})

    def _wrong(self, line: int, message: str, mend: str) -> None:
        self._findings.add(line, f"{self.name}: {message}" if self.name else message, mend)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        self._asked[key] = None
        return key in self._entries

    def is_empty(self, key: str) -> bool:
        """Whether the key holds a list without an entry."""
        found = self._entries.get(key)
        return found is not None and isinstance(found[1], yaml.SequenceNode) and not found[1].value

    def line_of(self, key: str) -> int:
        """The line of a key, or of the section where it is absent."""
        return self._entries[key][0] if key in self._entries else self.line

    def need[T](self, key: str, parse: Callable[[str], T]) -> T | None:
        """The value of a key that must be there; None after a problem."""
        if not self.has(key):
            self._wrong(self.line, f"{key} is missing", f"write `{key}: …` here")
            return None
        found = self._scalar(key, self._entries[key][1], parse)
        return found.value if found else None

    def read[T](self, key: str, parse: Callable[[str], T], default: T) -> T:
        """The value of a key, or the default."""
        if not self.has(key):
            return default
        found = self._scalar(key, self._entries[key][1], parse)
        return found.value if found else default

    def values[T](self, key: str, parse: Callable[[str], T]) -> tuple[Lined[T], ...] | None:
        """The values of a list, each with its line; one value may stand without a list. None when absent."""
        if not self.has(key):
            return None
        node = self._entries[key][1]
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(found for item in items if (found := self._scalar(key, item, parse)))

    def mixed[T](
        self, key: str, parse: Callable[[str], T], what: str
    ) -> tuple[tuple[Lined[T], ...], tuple[Section, ...]]:
        """The single values and the mappings of a list; one of either may stand without a list."""
        if not self.has(key):
            return (), ()
        node = self._entries[key][1]
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        sections = [Section.of(what, item, self._findings) for item in items if isinstance(item, yaml.MappingNode)]
        plain = [self._scalar(key, item, parse) for item in items if not isinstance(item, yaml.MappingNode)]
        return tuple(found for found in plain if found), tuple(sections)

    def names(self) -> tuple[str, ...]:
        """The keys of this mapping, which are free."""
        return tuple(self._entries)

    def section(self, key: str) -> Section:
        """The mapping under a key; an empty one when absent."""
        name = f"{self.name}: {key}" if self.name else key
        if not self.has(key) or _is_null(self._entries[key][1]):
            return Section(name, self.line_of(key), self._findings)
        return Section.of(name, self._entries[key][1], self._findings)

    def each(self, what: str) -> Iterator[tuple[str, Section]]:
        """The mappings by name in this one: `filtration: {…}`."""
        for name, (line, node) in self._entries.items():
            section = Section.of(f"{what} {name}", node, self._findings)
            section.line = line
            yield name, section

    def listed(self, key: str, what: str) -> Iterator[Section]:
        """The mappings of a list; each is named by its id once that is read."""
        if not self.has(key):
            return
        line, node = self._entries[key]
        if not isinstance(node, yaml.SequenceNode):
            if not _is_null(node):
                self._wrong(line, f"{key} must be a list", "write each entry as `- id: …`")
            return
        for item in node.value:
            yield Section.of(what, item, self._findings)

    def pairs[T](self, parse_key: Callable[[str], str], parse: Callable[[str], T]) -> dict[str, T]:
        """The values of this mapping, whose keys are free."""
        out: dict[str, T] = {}
        for name, (line, node) in self._entries.items():
            found = self._scalar(name, node, parse)
            try:
                checked = parse_key(name)
            except Wrong as wrong:
                self._wrong(line, wrong.message, wrong.mend)
                continue
            if found:
                out[checked] = found.value
        return out

    def wrong(self, key: str, message: str, mend: str) -> None:
        """Note a problem at a key."""
        self._wrong(self.line_of(key), message, mend)

    def close(self) -> None:
        """Report every key that nobody asked for."""
        for key, (line, _) in self._entries.items():
            if key in self._asked:
                continue
            if _SECRET_KEY.search(key):
                self._wrong(line, f"{key} does not belong in this file: no secret is written here", _ENVIRONMENT)
                continue
            meant = nearest(key, self._asked)
            known = ", ".join(sorted(self._asked))
            self._wrong(line, f"key {key} is not known", f"write {meant}" if meant else f"known here: {known}")

    def _scalar[T](self, key: str, node: yaml.Node, parse: Callable[[str], T]) -> Lined[T] | None:
        line = _line(node)
        if not isinstance(node, yaml.ScalarNode):
            self._wrong(line, f"{key} must be a single value", f"write `{key}: value` on one line")
        elif _is_null(node):
            self._wrong(line, f"{key} has no value", "write one, or remove the line")
        elif not node.tag.startswith("tag:yaml.org,2002:"):
            self._wrong(line, f"{key} carries the tag {node.tag}", "remove the tag")
        elif _SECRET_VALUE.search(node.value):
            self._wrong(line, f"{key} holds a secret: no secret is written here", _ENVIRONMENT)
        else:
            try:
                return Lined(parse(node.value), line)
            except Wrong as wrong:
                self._wrong(line, f"{key} {wrong.message}", wrong.mend)
        return None


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
