"""Multipart form data as parts (RFC 7578); the boundary and what stands around the parts mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PARTS = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its form name, its headers by lower-case name, its bytes."""

    name: str
    filename: str | None
    headers: dict[str, str]
    data: bytes


def parse(body: bytes, boundary: str) -> list[Part] | None:
    """The parts in order, or None when the body is not multipart with this boundary."""
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    if not boundary or body.count(mark) > MOST_PARTS:
        return None
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - preamble and close at least
        return None
    parts = [_part(piece) for piece in pieces[1:-1]]
    return None if any(part is None for part in parts) else [part for part in parts if part]


def _part(piece: bytes) -> Part | None:
    head, found, data = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    if not found or not head.startswith(b"\r\n"):
        return None
    headers = {}
    for line in head.decode("utf-8", "surrogateescape").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            return None
        headers[name.strip().lower()] = value.strip()
    disposition = _parameters(headers.get("content-disposition", ""))
    return Part(disposition.get("name", ""), disposition.get("filename"), headers, data)


def _parameters(text: str) -> dict[str, str]:
    found = {}
    for item in text.split(";")[1:]:
        name, _, value = item.strip().partition("=")
        found[name.lower()] = value.strip('"')
    return found
