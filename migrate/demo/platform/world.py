"""The state behind the five services: tables, secrets, clock and the addresses they listen on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrate.demo.platform import rows
from migrate.demo.platform.heap import Heap
from migrate.demo.platform.login_limit import LoginLimit
from migrate.demo.platform.token_bucket import TokenBucket
from migrate.demo.platform.values import new_id, now

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLE_SECONDS = 0.15


class World:
    """One platform's database and settings; nothing outlives the process."""

    def __init__(
        self, *, jwt_secret: str, internal_key: str, login_limit: int = 5, settle_seconds: float = SETTLE_SECONDS
    ) -> None:
        self.jwt_secret = jwt_secret
        self.internal_key = internal_key
        self.settle_seconds = settle_seconds
        """How long a deployment stays TERMINATING or DEPLOYING before the worker's turn."""
        self.logins = LoginLimit(login_limit, 60.0, 300.0)
        self.invitation_uses = LoginLimit(3, 3600.0, 3600.0)
        self.internal_calls = TokenBucket(1.0, 10)
        self.upstream_timeout = 60.0
        """Seconds inference waits for the model: for a whole answer, or between two pieces of a stream."""
        self.addresses: dict[str, str] = {}
        """Service name to `host:port`, filled in when the sockets are bound."""
        self.organisations: Heap[rows.Organisation] = Heap()
        self.users: Heap[rows.User] = Heap()
        self.memberships: Heap[rows.Membership] = Heap()
        self.roles: Heap[rows.Role] = Heap()
        self.invitations: Heap[rows.Invitation] = Heap()
        self.api_keys: Heap[rows.ApiKey] = Heap()
        self.templates: Heap[rows.Template] = Heap()
        self.policies: Heap[rows.PolicyRow] = Heap()
        self.deployments: Heap[rows.Deployment] = Heap()
        self.pools: Heap[rows.Pool] = Heap()
        self.nodes: Heap[rows.Node] = Heap()
        self.models: Heap[rows.RegisteredModel] = Heap()
        self.documents: Heap[rows.Document] = Heap()
        self.logs: Heap[rows.InferenceLog] = Heap()
        self.audit: Heap[rows.AuditEntry] = Heap()
        self.providers: dict[str, Any] = {}
        self.usage: dict[tuple[str, str, str], tuple[int, int]] = {}
        """(API key id, day, model) to requests and tokens."""

    def record(
        self,
        action: str,
        *,
        user: str | None,
        organisation: str | None = None,
        resource: tuple[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
        status: str = "success",
    ) -> rows.AuditEntry:
        """Append to the audit log."""
        kind, name = resource or (None, None)
        return self.audit.insert(
            rows.AuditEntry(new_id(), now(), organisation, user, action, kind, name, details, None, status),
        )

    def permissions_of(self, roles: list[str]) -> tuple[str, ...]:
        """The permissions that these roles have now, whatever they had when a token was issued."""
        found = (self.roles.get(name) for name in roles)
        return tuple(permission for role in found if role for permission in role.permissions)

    def key_of(self, secret: str) -> rows.ApiKey | None:
        """The API key with this secret. A revoked key is found too: the platform never looks at `is_active`."""
        return self.api_keys.first(lambda key: key.secret[:6] == secret[:6] and key.secret == secret)

    def count_usage(self, key: str, model: str, *, tokens: int) -> None:
        """Count one request against a key's quota of the day."""
        requests, before = self.usage_today(key, model)
        self.usage[key, _today(), model] = (requests + 1, before + tokens)

    def usage_today(self, key: str, model: str) -> tuple[int, int]:
        """Requests and tokens of this key and model today."""
        return self.usage.get((key, _today(), model), (0, 0))


def _today() -> str:
    return now().date().isoformat()
