"""Inference logs as filtration lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrate.demo.platform.values import stamp

if TYPE_CHECKING:
    from migrate.demo.platform.rows import InferenceLog
    from migrate.demo.platform.world import World


def organisation_logs(world: World, organisation: str | None) -> list[InferenceLog]:
    """The logs of an organisation's deployments, latest first."""
    own = {row.id for row in world.deployments if row.organisation == organisation}
    found = [row for row in world.logs if row.deployment in own]
    return sorted(found, key=lambda row: row.created_at, reverse=True)


def shown_log(row: InferenceLog) -> dict[str, Any]:
    """One log as JSON."""
    return {
        "id": row.id,
        "deployment_id": row.deployment,
        "user_id": row.user,
        "model": row.model,
        "ip_address": row.ip_address,
        "request_payload": row.payload,
        "latency_ms": row.latency_ms,
        "ttft_ms": row.ttft_ms,
        "tokens_per_second": row.tokens_per_second,
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "total_tokens": row.total_tokens,
        "status_code": row.status_code,
        "error_message": row.error_message,
        "is_streaming": row.is_streaming,
        "applied_policies": row.applied_policies,
        "created_at": stamp(row.created_at),
    }
