"""The data a stand-in platform starts with. Every credential here is throw-away and opens nothing else."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Self

NO_POOL = "00000000-0000-0000-0000-000000000000"
"""The pool that external deployments name."""


@dataclass(frozen=True)
class Seed:
    """Ids and throw-away demo credentials of the seeded rows; the demo and tests address the platform by them."""

    organisation: str = "0a000000-0000-4000-8000-000000000001"
    organisation_name: str = "Default Organization"
    admin: str = "0b000000-0000-4000-8000-000000000001"
    admin_email: str = "admin@demo.example"
    admin_password: str = "Demo-Admin-Passw0rd!"  # noqa: S105 - throw-away
    admin_totp_secret: str = ""
    """Empty: the admin enrols at the first login. A base32 secret of 32 characters: enrolled from the start."""
    member: str = "0b000000-0000-4000-8000-000000000002"
    member_email: str = "member@demo.example"
    member_password: str = "Demo-Person-Passw0rd!"  # noqa: S105 - throw-away
    api_key_id: str = "0c000000-0000-4000-8000-000000000001"
    api_key: str = "sk-demo0000000000000000000000000000"
    pool: str = "0d000000-0000-4000-8000-000000000001"
    second_pool: str = "0d000000-0000-4000-8000-000000000002"
    running_deployment: str = "0e000000-0000-4000-8000-000000000001"
    stopped_deployment: str = "0e000000-0000-4000-8000-000000000002"
    external_deployment: str = "0e000000-0000-4000-8000-000000000003"
    external_model: str = "fake-gpt"
    upstream_key: str = "sk-demo-upstream-secret"
    nosana_key: str = "nos_demo_1234567890"
    template: str = "support"
    collection: str = "handbook"
    invitee_email: str = "invitee@demo.example"
    invitation: str = "0f000000-0000-4000-8000-000000000001"
    invitation_token: str = "demo-invitation-token-0000000000000000000000"  # noqa: S105 - throw-away
    foreign: bool = True
    """Whether a second organisation exists, with its own user, key, pool and deployment."""
    foreign_organisation: str = "0a000000-0000-4000-8000-000000000002"
    foreign_user: str = "0b000000-0000-4000-8000-000000000003"
    foreign_email: str = "admin@foreign.example"
    foreign_password: str = "Demo-Foreign-Passw0rd!"  # noqa: S105 - throw-away
    foreign_api_key_id: str = "0c000000-0000-4000-8000-000000000002"
    foreign_api_key: str = "sk-frgn0000000000000000000000000000"
    foreign_pool: str = "0d000000-0000-4000-8000-000000000003"
    foreign_deployment: str = "0e000000-0000-4000-8000-000000000004"

    def to_json(self) -> str:
        """A JSON object that `from_json` reads back unchanged."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`; absent fields keep their default."""
        return cls(**json.loads(text))
