"""Header names that say who is calling, in every spelling a lenient reader might take for the plain one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apps.echo import Seen

NAMES = (
    "X-User-ID",
    "X-User",
    "X-User-Role",
    "X-User-Email",
    "X-Organization-ID",
    "X-Organisation-Id",
    "X-Org-ID",
    "X-Tenant-ID",
    "X-Role",
    "X-Roles",
    "X-Auth-User",
    "X-Auth-Request-User",
    "X-Authenticated-User",
    "X-Remote-User",
    "Remote-User",
    "X-Scope-OrgID",
    "X-Internal-API-Key",
    "X-Internal-Key",
    "X-Internal",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-User",
    "X-Forwarded-Client-Cert",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "X-IP-Address",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "Via",
    "Cutover-Copy",
    "Cutover-Context",
    "Cutover-Upstream",
    "Cutover-Question",
    "Cutover-Anything",
)
STATED_TOO = ("X-Request-ID", "Host", "Content-Length", "Transfer-Encoding", "Authorization", "Connection")
"""Of these a client may send the header itself, but no other spelling."""


def _doubled(name: str) -> bytes:
    return f"{name}: evil-1\r\n{name}: evil-2".encode()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda name: f"{name}: evil".encode(),
    "lower": lambda name: f"{name.lower()}: evil".encode(),
    "upper": lambda name: f"{name.upper()}: evil".encode(),
    "mixed": lambda name: f"{name.swapcase()}: evil".encode(),
    "no blank": lambda name: f"{name}:evil".encode(),
    "doubled": _doubled,
    "listed": lambda name: f"{name}: evil-1, evil-2".encode(),
    "underscores": lambda name: f"{name.replace('-', '_')}: evil".encode(),
    "one underscore": lambda name: f"{name[::-1].replace('-', '_', 1)[::-1]}: evil".encode(),
    "upper underscores": lambda name: f"{name.replace('-', '_').upper()}: evil".encode(),
    "dots": lambda name: f"{name.replace('-', '.')}: evil".encode(),
    "double dashes": lambda name: f"{name.replace('-', '--')}: evil".encode(),
    "trailing dash": lambda name: f"{name}-: evil".encode(),
    "trailing underscore": lambda name: f"{name}_: evil".encode(),
    "trailing dot": lambda name: f"{name}.: evil".encode(),
    "leading dash": lambda name: f"-{name}: evil".encode(),
    "leading underscore": lambda name: f"_{name}: evil".encode(),
    "plus for dash": lambda name: f"{name.replace('-', '+')}: evil".encode(),
    "nominated": lambda name: f"{name}: evil\r\nConnection: {name}".encode(),
    "blank before the colon": lambda name: f"{name} : evil".encode(),
    "tab before the colon": lambda name: f"{name}\t: evil".encode(),
    "folded": lambda name: f"X-Other: a\r\n {name}: evil".encode(),
    "bare LF": lambda name: f"X-Other: a\n{name}: evil".encode(),
    "bare CR": lambda name: f"X-Other: a\r{name}: evil".encode(),
    "no-break space": lambda name: name.encode() + b"\xa0: evil",
    "soft hyphen": lambda name: name.replace("-", "\xad").encode("latin-1") + b": evil",
    "fullwidth": lambda name: ("\uff38" + name[1:]).encode() + b": evil",
    "cyrillic": lambda name: name.replace("e", "\u0435").replace("X", "\u0425").encode() + b": evil",
    "NUL": lambda name: name.encode() + b"\0: evil",
}
REFUSED_ALIKE = {
    "blank before the colon",
    "tab before the colon",
    "folded",
    "bare LF",
    "bare CR",
    "NUL",
    "no-break space",
    "soft hyphen",
    "fullwidth",
    "cyrillic",
}
"""Spellings that are no header field name (RFC 9110 §5.1): the request as a whole is refused."""
SAME_NAME = {"as it is", "lower", "upper", "mixed", "no blank", "doubled", "listed", "nominated"}
HARMLESS = {"accept", "x-other", "connection", "upgrade", "origin", "traceparent", "tracestate"}
SOCKET = re.compile(r"sec-websocket-.*")


def names_for(spelling: str, *, without: str = "") -> list[str]:
    """The headers to spell so. Those a client may send itself are spelled in other ways than their own only."""
    more = () if spelling in SAME_NAME else STATED_TOO
    odd = [name for name in more if SPELLINGS[spelling](name).partition(b":")[0].lower() != name.lower().encode()]
    return [name for name in (*NAMES, *odd) if not (spelling in SAME_NAME and name == without)]


def lines(spelling: str, *, without: str = "") -> list[bytes]:
    """All of them as lines of HTTP/1.1, one after the other."""
    return [SPELLINGS[spelling](name) for name in names_for(spelling, without=without)]


def pairs(spelling: str) -> list[tuple[bytes, bytes]]:
    """All of them as names and values, as HTTP/2 has them; a folded line is a value that holds a line end."""
    return [
        (name, value.removeprefix(b" "))
        for text in lines(spelling)
        for name, _, value in (
            line.partition(b":") for line in ([text] if spelling == "folded" else text.split(b"\r\n"))
        )
    ]


def stated(seen: Seen) -> list[tuple[str, str]]:
    """What a service was told beside harmless headers; nothing of the client's is in it."""
    for name, value in seen.headers:
        assert "evil" not in name + value, (name, value)
    return [
        pair for pair in seen.headers if pair[0].lower() not in HARMLESS and not SOCKET.fullmatch(pair[0].lower())
    ]
