"""Policies of an organisation or deployment: quota, rate limit, guardrail, retrieval, prompt template.

A saved rate limit is stored and shown, and never applied.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import Who, admin
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import PolicyRow
from migrate.demo.platform.values import new_id, now, stamp
from migrate.demo.platform.wire import Here
from migrate.demo.platform.world import World

router = APIRouter(prefix="/config")


class ConfigUpdateRequest(BaseModel):
    """One policy's new configuration."""

    policy_type: str
    deployment_id: str | None = None
    config_json: dict[str, Any]


def stored(world: World, organisation: str | None, kind: str, deployment: str | None) -> PolicyRow | None:
    """The policy of this kind for a deployment, or for the organisation when no deployment is named."""
    return world.policies.first(
        lambda row: (row.organisation, row.kind, row.deployment) == (organisation, kind, deployment),
    )


@router.post("")
async def save(
    body: ConfigUpdateRequest,
    caller: Annotated[Caller, Depends(admin("Only admins can update config"))],
    world: Here,
) -> Response:
    """Stores a policy, new or over the old one."""
    organisation = caller.organisation or ""
    known = stored(world, organisation, body.policy_type, body.deployment_id)
    row = world.policies.insert(
        PolicyRow(
            known.id if known else new_id(),
            organisation,
            body.policy_type,
            body.deployment_id,
            body.config_json,
            now(),
        ),
    )
    details = {"policy_type": body.policy_type, "deployment_id": body.deployment_id}
    world.record(
        "config.update",
        user=caller.user,
        organisation=organisation,
        resource=("policy", row.id),
        details=details,
    )
    return JSONResponse({"status": "success", "policy_type": body.policy_type})


@router.get("/quota/usage")
async def usage(caller: Who, world: Here) -> Response:
    """Today's requests and tokens of every key, all models together."""
    today = now().date().isoformat()
    shown = []
    for key in world.api_keys.where(lambda row: row.organisation == caller.organisation):
        used = [count for (owner, day, _), count in world.usage.items() if (owner, day) == (key.id, today)]
        requests, tokens = sum(count[0] for count in used), sum(count[1] for count in used)
        shown.append({"key_name": key.name, "key_prefix": key.prefix, "requests": requests, "tokens": tokens})
    return JSONResponse(shown)


@router.get("/{policy_type}")
async def read(policy_type: str, caller: Who, world: Here, deployment_id: str | None = None) -> Response:
    """The policy; an absent one is empty and was updated just now."""
    row = stored(world, caller.organisation, policy_type, deployment_id)
    return JSONResponse(
        {
            "policy_type": policy_type,
            "config_json": row.config if row else {},
            "updated_at": stamp(row.updated_at if row else now()),
        },
    )
