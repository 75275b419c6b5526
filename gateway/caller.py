"""Who calls, as far as the gateway has verified it."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Much is remembered by caller, and a request asks for it several times.
        known = (self.scheme, self.subject, self.organisation, self.roles, self.checked)
        object.__setattr__(self, "_hash", hash(known))

    def __hash__(self) -> int:
        return self._hash

    @property
    def verified(self) -> bool:
        """Whether subject, organisation and roles may be stated to a service."""
        return self.checked or self.scheme in {"jwt", "ticket"}


ANONYMOUS = Caller("anonymous")
