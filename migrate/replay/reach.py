"""Addresses of a closed replay: where the player listens, and whether the gateway under test answers."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError, UsageError
from migrate.replay.client import address_of

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

_URL = re.compile(r"https?://[^/\s]+/?")
_ADDRESS = re.compile(r"([^=,\s]+)=([^=,\s]+:\d{1,5})")


def player_addresses(text: str, table: RouteTable, *, internal: bool) -> dict[str, str]:
    """`SERVICE=HOST:PORT,…` as a mapping; with `internal`, services not named listen at their internal address.

    Raises:
        UsageError: malformed, or a service the table does not know.
    """
    found: dict[str, str] = {}
    if internal:
        for name, service in table.services.items():
            host, port = address_of(service.internal)
            found[name] = f"{host}:{port}"
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _ADDRESS.fullmatch(part)
        if not match or match[1] not in table.services:
            raise UsageError(
                f"--player-listen: {part!r} is no SERVICE=HOST:PORT with a service of {', '.join(table.services)}"
            )
        found[match[1]] = match[2]
    return found


def check_reachable(url: str, mend: str) -> None:
    """Nothing, when something accepts connections at the URL.

    Raises:
        UsageError: it is no http or https URL without a path.
        UnreachableError: nothing answers there; the message ends with `mend`.
    """
    if not _URL.fullmatch(url):
        raise UsageError(f"--against: {url!r} is neither `embedded` nor a URL such as http://127.0.0.1:8800")
    try:
        socket.create_connection(address_of(url), timeout=3).close()
    except (OSError, ValueError) as error:
        raise UnreachableError(f"no gateway answers at {url}: {error}; {mend}") from None
