"""Shipped route tables, and writing one with other addresses put in."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from gateway.core.errors import ConfigError, UsageError
from gateway.core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_:-]*[A-Za-z0-9]")


def names() -> list[str]:
    """Every shipped preset."""
    entries = files("migrate.presets").iterdir()
    return sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml"))


def preset_text(name: str = "inferia") -> str:
    """A shipped route table as text.

    Raises:
        UsageError: there is no such preset.
    """
    if name not in names():
        meant = nearest(name, names())
        raise UsageError(f"no preset {name!r}; " + (f"did you mean {meant}?" if meant else f"there are: {names()}"))
    return files("migrate.presets").joinpath(f"{name}.yaml").read_text("utf-8")


def write(path: Path, preset: str = "inferia", values: Mapping[str, str] | None = None) -> None:
    """Write a preset to a file, comments kept; `values` replaces single values by dotted key.

    Keys look like `services.filtration.legacy`, `gateway.listen` or `gateway.build`.

    Raises:
        UsageError: there is no such preset or key.
        ConfigError: the file cannot be written.
    """
    text = replace_values(preset_text(preset), values or {})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def keep(path: Path) -> Path | None:
    """Move a file that stands in the way to `PATH.bak`; None when there is none.

    Raises:
        ConfigError: it cannot be moved.
    """
    kept = path.with_name(path.name + ".bak")
    try:
        return path.replace(kept)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be kept as {kept.name}: {error.strerror}") from None


def replace_values(text: str, values: Mapping[str, str]) -> str:
    """The same YAML text with single values replaced where they stand.

    Raises:
        UsageError: a key is not there, or holds no single value.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    edits = []
    for key, value in values.items():
        node = _find(root, key)
        edits.append((node.start_mark.index, node.end_mark.index, _scalar(value)))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _find(root: yaml.Node | None, key: str) -> yaml.ScalarNode:
    node = root
    for part in key.split("."):
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == part), None)
    if not isinstance(node, yaml.ScalarNode):
        raise UsageError(f"the preset has no single value at {key}")
    return node


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
