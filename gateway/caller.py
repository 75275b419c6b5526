"""Who calls, as far as the gateway has verified it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. `scheme` is anonymous, jwt, api-key or ticket; `subject` is never a secret.

    `checked` says that the platform vouched for an API key; one that only passes through names nobody.
    """

    scheme: str
    subject: str = ""
    organisation: str = ""
    roles: tuple[str, ...] = ()
    checked: bool = False

    @property
    def verified(self) -> bool:
        """Whether subject, organisation and roles may be stated to a service."""
        return self.checked or self.scheme in {"jwt", "ticket"}


ANONYMOUS = Caller("anonymous")
