"""A strict reader of the Prometheus text format (0.0.4), which refuses what a scraper may refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?|[+-]Inf|NaN"
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? ({_NUMBER})")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass
class Family:
    """One metric as told: kind, help, and its samples by suffix and labels."""

    kind: str
    help: str
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> float:
        """The sum of the samples that have these labels."""
        wanted = set(labels.items())
        return sum(value for (end, have), value in self.samples.items() if end == suffix and wanted <= set(have))

    @property
    def labels(self) -> set[tuple[str, ...]]:
        """The label names that occur, without the bound of a bucket."""
        return {tuple(name for name, _ in have if name != "le") for _, have in self.samples}


def parse(text: str) -> dict[str, Family]:
    """Every family by name.

    Raises:
        AssertionError: a line is malformed, out of place or there twice, or a histogram contradicts itself.
    """
    assert text.endswith("\n")
    families: dict[str, Family] = {}
    name = meaning = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, meaning = line.removeprefix("# HELP ").partition(" ")
            assert name not in families, f"{name} comes twice"
            assert meaning
        elif line.startswith("# TYPE "):
            typed, _, kind = line.removeprefix("# TYPE ").partition(" ")
            assert typed == name, f"TYPE of {typed} after HELP of {name}"
            assert kind in {"counter", "gauge", "histogram"}
            families[name] = Family(kind, meaning)
        else:
            _take(families[name], name, line)
    for name, family in families.items():
        assert family.samples, f"{name} has no sample"
        assert (family.kind == "counter") == name.endswith("_total"), name
        if family.kind == "histogram":
            _check(family)
    return families


def _take(family: Family, name: str, line: str) -> None:
    found = _SAMPLE.fullmatch(line)
    assert found, line
    suffix = found[1].removeprefix(name)
    assert found[1].startswith(name), f"{line} stands under {name}"
    assert suffix in (_SUFFIXES if family.kind == "histogram" else ("",)), line
    labels = tuple((key, _plain(value)) for key, value in _PAIR.findall(found[2] or ""))
    assert len({key for key, _ in labels}) == len(labels), line
    assert (suffix, labels) not in family.samples, f"{line} comes twice"
    family.samples[suffix, labels] = float(found[3])
    assert family.kind == "gauge" or family.samples[suffix, labels] >= 0, line


def _check(family: Family) -> None:
    counted = {have: value for (suffix, have), value in family.samples.items() if suffix == "_count"}
    assert counted
    for have, count in counted.items():
        buckets = [
            (float(dict(labels)["le"]), value)
            for (suffix, labels), value in family.samples.items()
            if suffix == "_bucket" and tuple(pair for pair in labels if pair[0] != "le") == have
        ]
        assert buckets == sorted(buckets), "buckets are not cumulative"
        assert buckets[-1] == (float("inf"), count)
        assert ("_sum", have) in family.samples


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)
