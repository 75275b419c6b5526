"""From an API key and a model name to a deployment: what filtration resolves and inference asks for."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrate.demo.platform.rows import ApiKey, Deployment
    from migrate.demo.platform.world import World

UNRESOLVED = "Deployment or Organization not found for model/key combination"
BAD_KEY = "Invalid API Key"
DEFAULT_QUOTA = {"request_limit": 1000, "token_limit": 100000}


def resolve(world: World, secret: str, model: str) -> tuple[ApiKey, Deployment] | str:
    """The key and the running deployment of its organisation, or why there is none."""
    key = world.key_of(secret)
    if key is None:
        return BAD_KEY
    deployment = world.deployments.first(
        lambda row: row.organisation == key.organisation and row.model_name == model and row.state == "RUNNING",
    )
    return (key, deployment) if deployment else UNRESOLVED


def policy(world: World, organisation: str, kind: str, deployment: str | None = None) -> dict[str, Any] | None:
    """A stored policy's configuration, or None."""
    row = world.policies.first(
        lambda row: (row.organisation, row.kind, row.deployment) == (organisation, kind, deployment),
    )
    return dict(row.config) if row else None


def over_quota(world: World, key: ApiKey, model: str) -> str | None:
    """Why this key may not ask this model again today, or None."""
    quota = DEFAULT_QUOTA | (policy(world, key.organisation, "quota") or {})
    requests, tokens = world.usage_today(key.id, model)
    if requests >= quota["request_limit"]:
        return f"Daily quota exceeded (Requests: {requests}/{quota['request_limit']})"
    if tokens >= quota["token_limit"]:
        return f"Daily quota exceeded (Tokens: {tokens}/{quota['token_limit']})"
    return None


def running_models(world: World, skip: int, limit: int) -> list[dict[str, Any]]:
    """Every running deployment of every organisation, as the models list shows it."""
    running = world.deployments.where(lambda row: row.state == "RUNNING")
    return [
        {
            "id": row.model_name,
            "model_name": row.model_name,
            "object": "model",
            "created": _epoch(row),
            "owned_by": row.organisation,
            "permission": [],
            "description": f"Model deployment for {row.model_name} ({row.engine})",
        }
        for row in running[skip : skip + limit]
    ]


def _epoch(row: Deployment) -> int:
    return int(row.created_at.replace(tzinfo=UTC).timestamp()) if row.created_at else 0
