"""Which subjects a canary serves. One function, the same in every process and after restarts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SPACE = 1 << 64


def position(salt: str, group: str, subject: str) -> float:
    """Where a subject stands in [0, 100): SHA-256 over salt, rollout group and subject.

    Monotone by construction: whoever is in at p percent stays in at every greater one.
    """
    digest = hashlib.sha256("\0".join((salt, group, subject)).encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 / _SPACE


def in_cohort(
    salt: str,
    group: str,
    subject: str,
    *,
    percent: float,
    organisation: str = "",
    named: Collection[str] = (),
) -> bool:
    """Whether the gateway serves this subject; `named` holds `user:ID` and `org:ID` entries."""
    if f"user:{subject}" in named or (organisation and f"org:{organisation}" in named):
        return True
    # The greatest digests round to 100.0, and everybody is in at 100 %.
    return percent >= 100 or position(salt, group, subject) < percent  # noqa: PLR2004 - per cent
