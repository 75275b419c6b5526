"""The `tls:` and `connections:` parts of the `gateway:` section."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.scalars import duration, expanding, filled, size, whole, whole_seconds
from gateway.core.listening import Connections, Tls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.section import Section


def read_tls(section: Section, environment: Mapping[str, str], folder: str, *, hsts: bool = True) -> Tls:
    """The certificate, as paths, which start at `folder` where they are relative; both files or none.

    `hsts` says whether the key of this name may stand there.
    """
    usual = Tls()
    path = expanding(environment, lambda text: str(Path(folder, filled(text))))
    tls = Tls(
        certificate=section.read("certificate", path, usual.certificate),
        key=section.read("key", path, usual.key),
        hsts=section.read("hsts", _hsts, usual.hsts) if hsts else 0,
    )
    for absent, given in (("certificate", "key"), ("key", "certificate")):
        if section.has(given) and not section.has(absent):
            section.wrong(given, f"{given} is given without {absent}", f"write {absent}: a path to a PEM file")
    if hsts and section.has("hsts") and not (section.has("certificate") or section.has("key")):
        section.wrong("hsts", "hsts is never sent in clear", "write certificate: and key:, or remove it")
    section.close()
    return tls


def _hsts(text: str) -> int:
    return 0 if text == "off" else whole_seconds(text)


def read_connections(section: Section) -> Connections:
    """Bounds of clients' connections."""
    usual = Connections()
    connections = Connections(
        most=section.read("most", whole(1), usual.most),
        requests=section.read("requests", whole(1), usual.requests),
        streams=section.read("streams", whole(1, 1000), usual.streams),
        head=section.read("head", duration, usual.head),
        keep_alive=section.read("keep_alive", duration, usual.keep_alive),
        ping=section.read("ping", duration, usual.ping),
        message=section.read("message", size, usual.message),
    )
    section.close()
    return connections
