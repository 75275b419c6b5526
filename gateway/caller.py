"""Who calls, as far as the gateway has verified it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. `scheme` is anonymous, jwt, api-key or ticket; `subject` is never a secret."""

    scheme: str
    subject: str = ""
    organisation: str = ""
    roles: tuple[str, ...] = ()


ANONYMOUS = Caller("anonymous")
