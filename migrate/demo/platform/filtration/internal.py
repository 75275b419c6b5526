"""What only other services call; the internal key was checked at the gate."""

import math
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform import context, scanning
from migrate.demo.platform.filtration.access import client_address
from migrate.demo.platform.prompts import PromptProcessRequest
from migrate.demo.platform.rows import InferenceLog
from migrate.demo.platform.token_bucket import TokenBucket
from migrate.demo.platform.values import new_id, now
from migrate.demo.platform.wire import Here, Limit, Skip, refuse

router = APIRouter(prefix="/internal")


class QuotaCheckRequest(BaseModel):
    """Whose quota."""

    user_id: str
    model: str = "default"


class UsageTrackRequest(BaseModel):
    """What was used."""

    user_id: str
    model: str
    usage: dict[str, int]


class InferenceLogCreate(BaseModel):
    """One finished chat request."""

    deployment_id: str
    user_id: str
    model: str
    ip_address: str | None = None
    request_payload: dict[str, Any] | None = None
    latency_ms: int | None = None
    ttft_ms: int | None = None
    tokens_per_second: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    status_code: int = 200
    error_message: str | None = None
    is_streaming: bool = False
    applied_policies: list[str] | None = None


class GuardrailScanRequest(BaseModel):
    """A text to scan."""

    text: str
    scan_type: Literal["input", "output"]
    user_id: str | None = None
    context: str | None = None
    custom_banned_keywords: list[str] | None = None
    pii_entities: list[str] | None = None
    config: dict[str, Any] | None = None


class ResolveContextRequest(BaseModel):
    """A key and the model it asks for."""

    api_key: str
    model: str


def limited(request: Request, bucket: TokenBucket) -> None:
    """Take from the bucket of X-User-ID or the address.

    Raises:
        HTTPException: 429 with the limit's headers.
    """
    key = request.headers.get("x-user-id") or client_address(request)
    left, wait = bucket.take(key, time.monotonic())
    if wait:
        seconds = str(math.ceil(wait))
        headers = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": seconds}
        raise refuse(429, "Rate limit exceeded. Please try again later.", headers | {"Retry-After": seconds})


@router.post("/policy/check_quota")
async def check_quota(body: QuotaCheckRequest, world: Here) -> Response:
    """200, or 429 when the key of `apikey:<id>` is over its day."""
    key = world.api_keys.get(body.user_id.removeprefix("apikey:"))
    refusal = context.over_quota(world, key, body.model) if key else None
    if refusal:
        raise refuse(429, refusal)
    return JSONResponse({"status": "ok"})


@router.post("/policy/track_usage")
async def track_usage(body: UsageTrackRequest, world: Here) -> Response:
    """Counts a request."""
    world.count_usage(body.user_id.removeprefix("apikey:"), body.model, tokens=body.usage.get("total_tokens", 0))
    return JSONResponse({"status": "ok"})


@router.post("/logs/create")
async def create_log(body: InferenceLogCreate, world: Here) -> Response:
    """Appends an inference log."""
    given = body.model_dump()
    row = InferenceLog(
        id=new_id(),
        deployment=given.pop("deployment_id"),
        user=given.pop("user_id"),
        payload=given.pop("request_payload"),
        created_at=now(),
        **given,
    )
    world.logs.insert(row)
    return JSONResponse({"status": "ok", "log_id": row.id})


@router.post("/guardrails/scan")
async def scan(body: GuardrailScanRequest, request: Request, world: Here) -> Response:
    """The guardrail's verdict; 60 a minute for everybody together, since inference is the only caller."""
    limited(request, world.internal_calls)
    return JSONResponse(scanning.scan(body.text, body.custom_banned_keywords or []))


@router.get("/models")
async def list_models(
    request: Request,
    world: Here,
    skip: Skip = 0,
    limit: Limit = 50,
    authorization: Annotated[str | None, Header()] = None,
) -> Response:
    """Running models of all organisations, for a holder of any API key."""
    limited(request, world.internal_calls)
    secret = (authorization or "").removeprefix("Bearer ")
    if not secret.startswith("sk-"):
        raise refuse(401, "Invalid API Key format")
    if world.key_of(secret) is None:
        raise refuse(401, context.BAD_KEY)
    return JSONResponse({"object": "list", "data": context.running_models(world, skip, limit)})


@router.post("/context/resolve")
async def resolve_context(body: ResolveContextRequest, world: Here) -> Response:
    """The deployment behind a key and model, with the policies that inference applies; never a rate limit."""
    found = context.resolve(world, body.api_key, body.model)
    answer: dict[str, Any] = {"valid": False, "error": found if isinstance(found, str) else None}
    answer |= dict.fromkeys(("deployment", "guardrail_config", "rag_config", "template_config", "rate_limit_config"))
    answer |= {"user_id_context": None, "org_id": None, "log_payloads": True}
    if not isinstance(found, str):
        key, row = found
        organisation = world.organisations.get(key.organisation)
        answer |= {
            "valid": True,
            "deployment": {
                "id": row.id,
                "model_name": row.model_name,
                "engine": row.engine,
                "endpoint": row.endpoint,
                "configuration": row.configuration,
                "inference_model": row.inference_model,
            },
            "guardrail_config": context.policy(world, key.organisation, "guardrail", row.id),
            "rag_config": context.policy(world, key.organisation, "rag", row.id),
            "template_config": context.policy(world, key.organisation, "prompt_template", row.id),
            "user_id_context": f"apikey:{key.id}",
            "org_id": key.organisation,
            "log_payloads": bool(organisation and organisation.log_payloads),
        }
    return JSONResponse(answer)


@router.post("/prompt/process")
async def process_prompt(body: PromptProcessRequest) -> Response:
    """The messages, untouched."""
    return JSONResponse(body.processed())


@router.get("/config/provider")
async def provider_config(world: Here) -> Response:
    """Every provider's secrets in clear."""
    return JSONResponse({"providers": world.providers})
