"""Whether the files that a table names can be used: what a start would find, told beforehand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509

from gateway.api.documents import read_document
from gateway.config import Problem, named_files
from gateway.core.errors import ConfigError
from gateway.core.listening import Tls
from gateway.listen.tls import Certificate
from gateway.openapi import Described, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.config import NamedFiles
    from gateway.config.problem import Lined

_PEM = "write the path of a PEM file that the gateway may read"
_DOCUMENT = "name an OpenAPI 3 document as JSON beside cutover.yaml, or write /openapi.json to ask the service"


def file_problems(path: Path, environment: Mapping[str, str] | None = None) -> list[Problem]:
    """What is wrong with the files that the table at `path` names, in the order of lines."""
    names = named_files(path, environment)
    return sorted([*_tls(names), *_documents(names)], key=lambda problem: problem.line)


def _tls(names: NamedFiles) -> Iterator[Problem]:
    unreadable = False
    for what, file in (("certificate", names.certificate), ("key", names.key)):
        reason = _unreadable(file.value) if file else ""
        if file and reason:
            unreadable = True
            yield Problem(file.line, f"gateway: tls: {what} {file.value} {reason}", _PEM)
    if names.certificate and names.key and not unreadable:
        yield from _pair(names.certificate, names.key)


def _pair(certificate: Lined[Path], key: Lined[Path]) -> Iterator[Problem]:
    try:
        Certificate(Tls(str(certificate.value), str(key.value)))
    except ConfigError as error:
        message, _, mend = str(error).partition("; ")
        yield Problem(certificate.line, f"gateway: {message}", mend)
        return
    untimely = _untimely(certificate.value, datetime.now(UTC))
    if untimely:
        message = f"gateway: tls: certificate {certificate.value} {untimely}"
        yield Problem(certificate.line, message, "write one that holds today")


def _untimely(certificate: Path, now: datetime) -> str:
    # OpenSSL loads what has expired and shows it; it is the clients who turn away.
    try:
        shown = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        since, until = shown.not_valid_before_utc, shown.not_valid_after_utc
    except ValueError:
        return "does not say when it holds"
    if now > until:
        return f"has expired on {until:%Y-%m-%d %H:%M} UTC"
    return f"does not hold before {since:%Y-%m-%d %H:%M} UTC" if now < since else ""


def _documents(names: NamedFiles) -> Iterator[Problem]:
    for service, file in names.documents.items():
        reason = _unreadable(file.value) or _unusable(file.value)
        if reason:
            yield Problem(file.line, f"service {service}: openapi {file.value} {reason}", _DOCUMENT)


def _unusable(path: Path) -> str:
    try:
        Described(read_document(path))
    except Unusable as error:
        return f"cannot be used: {error}"
    return ""


def _unreadable(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            return "is no file"
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"
