"""Targets and URLs without the secrets in their paths and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from shadow.redaction.names import Treatment, treatment

if TYPE_CHECKING:
    from shadow.redaction.tree import Tree


def target(text: str, tree: Tree) -> str:
    """A request target, or any URL; what is harmless stays raw."""
    address, fragment_mark, fragment = _without_password(text, tree).partition("#")
    path, mark, query = address.partition("?")
    cleaned = "/".join(_raw(segment, tree) for segment in path.split("/"))
    return (
        cleaned
        + mark
        + pairs(query, tree)
        + fragment_mark
        + (pairs(fragment, tree) if "=" in fragment else _raw(fragment, tree))
    )


def _without_password(url: str, tree: Tree) -> str:
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    name, colon, password = user.partition(":")
    if not at or not password:
        return url
    return f"{scheme}{mark}{name}{colon}{tree.text(password, Treatment.DROP)}{at}{host}{slash}{path}"


def pairs(text: str, tree: Tree) -> str:
    """A query or form body, each value by its name."""
    return "&".join(_pair(part, tree) for part in text.split("&"))


def _pair(part: str, tree: Tree) -> str:
    name, mark, value = part.partition("=")
    if not mark:
        return _raw(name, tree)
    decoded = unquote_plus(value)
    how = treatment(unquote_plus(name))
    redacted = tree.text(decoded, how)
    return _raw(name, tree) + mark + (value if how is Treatment.KEEP and redacted == decoded else redacted)


def _raw(text: str, tree: Tree) -> str:
    decoded = unquote_plus(text)
    redacted = tree.text(decoded)
    return text if redacted == decoded else redacted
