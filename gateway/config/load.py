"""Reading the route table: the file, its parts, and how they fit together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.config.certificate import check_pair
from gateway.config.consistency import check, check_shadow
from gateway.config.document import parse, read_text
from gateway.config.mirroring import read_mirroring
from gateway.config.named import NamedFiles, named
from gateway.config.objectives import read_load
from gateway.config.operations import read_defaults, read_routes
from gateway.config.parts import read_changes, read_limits, read_services
from gateway.config.policy import read_policy
from gateway.config.problem import Findings, Wrong
from gateway.config.retention import read_retention
from gateway.config.scalars import filled, whole
from gateway.config.section import Section
from gateway.core.errors import ConfigError
from gateway.core.table import RouteTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.config.problem import Problem
    from gateway.core.listening import Tls

VERSION = 1


def load_table(path: Path, environment: Mapping[str, str] | None = None) -> RouteTable:
    """The route table of a file; `environment` (default: the process's) fills `${NAME}` in addresses.

    Raises:
        ConfigError: the file has problems; the message holds one line for each.
    """
    findings = Findings()
    table = _read(path, os.environ if environment is None else environment, findings)
    if table is None or findings.problems:
        raise ConfigError("\n".join(problem.text(path) for problem in findings.problems))
    return table


def problems(path: Path, environment: Mapping[str, str] | None = None) -> list[Problem]:
    """Everything wrong with a file, in the order of lines, the shadow's certificate read; empty when it is fine."""
    findings = Findings()
    table = _read(path, os.environ if environment is None else environment, findings)
    if table is not None and not findings.problems and table.mirroring.tls.certificate:
        _check_certificate(table.mirroring.tls, findings)
    return findings.problems


def named_files(path: Path, environment: Mapping[str, str] | None = None) -> NamedFiles:
    """The files that a route table names, whatever else is wrong with it."""
    try:
        root = Section.of("", parse(read_text(path)), Findings())
    except Wrong:
        return NamedFiles()
    return named(root, os.environ if environment is None else environment, str(path.parent))


def _check_certificate(tls: Tls, findings: Findings) -> None:
    try:
        check_pair(tls, "shadow: tls")
    except ConfigError as error:
        findings.add(0, *str(error).split("; ", 1))


def _read(path: Path, environment: Mapping[str, str], findings: Findings) -> RouteTable | None:
    try:
        node = parse(read_text(path))
    except Wrong as wrong:
        findings.add(getattr(wrong, "line", 0), wrong.message, wrong.mend)
        return None
    root = Section.of("", node, findings)
    if root.node_is_wrong or _is_newer(root, findings):
        return None
    return _table(root, environment, findings, str(path.parent))


def _is_newer(root: Section, findings: Findings) -> bool:
    # What a later format means is unknown here, so nothing else can be said about such a file.
    version = root.need("version", whole(1))
    if version is None or version <= VERSION:
        return False
    message = f"version {version} of the format is not known to this Cutover"
    findings.add(root.line_of("version"), message, f"write version: {VERSION}, or upgrade Cutover")
    return True


def _table(root: Section, environment: Mapping[str, str], findings: Findings, folder: str) -> RouteTable:
    platform = root.need("platform", filled)
    services = read_services(root, environment)
    policy = read_policy(root.section("gateway"), environment, services, folder)
    limits = read_limits(root)
    routes = read_routes(root, read_defaults(root.section("defaults")))
    changes = read_changes(root)
    mirroring = read_mirroring(root.section("shadow"), environment, folder)
    retention = read_retention(root.section("store"))
    load = read_load(root.section("loadtest"), limits, [draft.route for draft in routes])
    root.close()
    check_shadow(root.section("shadow"), mirroring, policy, services)
    check(policy, services, limits, routes, changes, findings)
    if findings.problems:
        routes = []
    return RouteTable(
        platform=platform or "",
        services={name: item.value for name, item in services.items()},
        routes=tuple(draft.route for draft in routes),
        changes=tuple(change.value for change in changes),
        limits={name: item.value for name, item in limits.items()},
        policy=policy,
        mirroring=mirroring,
        folder=folder,
        retention=retention,
        load=load,
        examples={draft.route.id: draft.examples for draft in routes if draft.examples},
    )
