"""What the gateway tells a service about the caller, after every client spelling of it is gone. Pure."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from gateway.core.exchange import header

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.exchange import Headers
    from gateway.core.routes import Service

_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def request_id(headers: Headers) -> str:
    """The client's `X-Request-ID` when it is short and printable, else a new one."""
    given = header(headers, "x-request-id")
    return given if given is not None and _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def context_headers(caller: Caller, service: Service, internal_key: str) -> Headers:
    """`X-User-ID`, `X-Organization-ID`, `X-User-Role` of a verified user, and the key that proves the gateway."""
    told = [("X-User-ID", caller.subject), ("X-Organization-ID", caller.organisation)]
    told.append(("X-User-Role", ",".join(caller.roles)))
    known = tuple(pair for pair in told if pair[1]) if caller.scheme in {"jwt", "ticket"} else ()
    return (*known, ("X-Internal-API-Key", internal_key)) if service.internal_key else known
