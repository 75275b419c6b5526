"""Which requests belong to a sample: their id alone decides, which no pattern of the traffic can meet. Pure."""

from __future__ import annotations

import hashlib

_WHOLE = 2**32


def chosen(identity: str, share: float) -> bool:
    """Whether the request with this id is in the sample; `share` is 0 to 1. The larger sample holds the smaller."""
    drawn = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4], "big")
    return drawn < share * _WHOLE
