"""Which files the table names, and where; whether they are usable is another question."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.listening import read_tls
from gateway.config.parts import read_services
from gateway.config.problem import Lined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.section import Section


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files that a table names, each with the line it stands on; `documents` by service. Absent ones are None."""

    certificate: Lined[Path] | None = None
    key: Lined[Path] | None = None
    documents: Mapping[str, Lined[Path]] = field(default_factory=dict)


def named(root: Section, environment: Mapping[str, str], folder: str) -> NamedFiles:
    """What the table in `root` names, as far as it can be read; relative paths start at `folder`."""
    section = root.section("gateway").section("tls")
    tls = read_tls(section, environment, folder)
    lines = {name: part.line_of("openapi") for name, part in root.section("services").each("service")}
    return NamedFiles(
        certificate=Lined(Path(tls.certificate), section.line_of("certificate")) if tls.certificate else None,
        key=Lined(Path(tls.key), section.line_of("key")) if tls.key else None,
        documents={
            name: Lined(Path(folder, service.value.openapi), lines[name])
            for name, service in read_services(root, environment).items()
            if service.value.openapi_is_a_file
        },
    )
