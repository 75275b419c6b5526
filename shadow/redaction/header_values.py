"""Header values as they may be stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shadow.redaction import address
from shadow.redaction.names import Treatment, treatment

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from shadow.redaction.tree import Tree

_ADDRESSES = frozenset({"location", "content-location", "referer", "origin", "link"})
_DIGESTS = frozenset(
    {"etag", "if-none-match", "if-match", "date", "last-modified", "expires", "sec-websocket-accept"}
)
_CHALLENGES = frozenset({"www-authenticate", "proxy-authenticate"})
_KNOWN = re.compile(
    r"accept(-.*)?|access-control-.*|cache-control|connection|content-.*|cutover-.*|dnt|expect|forwarded|from|host"
    r"|if-.*|keep-alive|origin|pragma|priority|proxy-connection|range|sec-(ch|fetch|gpc)(-.*)?|sec-websocket-version"
    r"|sec-websocket-extensions|te|trace(parent|state)|transfer-encoding|upgrade(-.*)?|user-agent|via|x-client-version"
    r"|x-forwarded-.*|x-(user|organization)-id|x-user-role|x-real-ip|x-request(ed-with|-id)|x-stainless-.*|x-trace-id"
)


def redacted(headers: Headers, tree: Tree, *, request: bool) -> list[list[str]]:
    """Every header with name and value as they may be stored, in wire order."""
    return [[tree.text(name), value_of(name, value, tree, request=request)] for name, value in headers]


def value_of(name: str, value: str, tree: Tree, *, request: bool) -> str:
    """One header's value; a request header that nobody knows is fingerprinted, for it may carry a key of any look."""
    lowered = name.lower()
    if lowered in _DIGESTS:
        return value
    if lowered in _ADDRESSES:
        return address.target(value, tree)
    if lowered in {"cookie", "set-cookie"}:
        return cookies(value, tree) if lowered == "cookie" else set_cookie(value, tree)
    return tree.text(value, _treatment(lowered, request=request))


def _treatment(name: str, *, request: bool) -> Treatment:
    if name in _CHALLENGES or name.startswith("access-control-"):
        return Treatment.KEEP
    how = treatment(name)
    if how >= Treatment.FINGERPRINT:
        return how
    return Treatment.FINGERPRINT if request and not _KNOWN.fullmatch(name) else Treatment.KEEP


def cookies(value: str, tree: Tree) -> str:
    """A Cookie header with each value as a fingerprint."""
    return "; ".join(_cookie(pair.strip(), tree) for pair in value.split(";"))


def set_cookie(value: str, tree: Tree) -> str:
    """A Set-Cookie line with its value as a fingerprint and its attributes kept."""
    pair, mark, attributes = value.partition(";")
    return _cookie(pair, tree) + mark + tree.text(attributes)


def _cookie(pair: str, tree: Tree) -> str:
    name, mark, value = pair.partition("=")
    return name + mark + tree.text(value, Treatment.FINGERPRINT) if mark else tree.text(pair, Treatment.FINGERPRINT)
