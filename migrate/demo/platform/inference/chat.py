"""Chat completions: checks answer in JSON, then a stream answers 200 whatever happens to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from migrate.demo.platform import context, scanning
from migrate.demo.platform.inference.credentials import api_key, client_address
from migrate.demo.platform.inference.upstream import Reply, UpstreamRefusedError, ask, estimated_tokens, last_text
from migrate.demo.platform.rows import ApiKey, Deployment, InferenceLog
from migrate.demo.platform.values import new_id, now
from migrate.demo.platform.wire import Here, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/v1")

_STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "Connection": "keep-alive", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class _Asked:
    """A checked request: whose it is, what it asks, when it came."""

    world: World
    key: ApiKey
    deployment: Deployment
    body: dict[str, Any]
    address: str
    began: float


@router.post("/chat/completions")
async def complete(request: Request, world: Here) -> Response:
    """An answer, or a stream of one when the body says so."""
    began = time.perf_counter()
    secret = api_key(request)
    body = await request.json()
    if not body.get("model") or not body.get("messages"):
        raise refuse(400, "Model and messages are required")
    key, deployment = _resolved(world, secret, str(body["model"]))
    refusal = context.over_quota(world, key, deployment.model_name)
    if refusal:
        raise refuse(429, refusal)
    _guard(world, key, deployment, last_text(body["messages"]))
    asked = _Asked(world, key, deployment, body, client_address(request), began)
    if body.get("stream"):
        return StreamingResponse(_stream(asked), headers=_STREAM_HEADERS, media_type="text/event-stream")
    return await _whole(asked)


def _resolved(world: World, secret: str, model: str) -> tuple[ApiKey, Deployment]:
    found = context.resolve(world, secret, model)
    if isinstance(found, str):
        raise refuse(401, found)
    return found


def _guard(world: World, key: ApiKey, deployment: Deployment, text: str) -> None:
    config = context.policy(world, key.organisation, "guardrail", deployment.id) or {}
    if not config.get("enabled"):
        return
    result = scanning.scan(text, config.get("custom_banned_keywords") or [])
    if not result["is_valid"]:
        violation = result["violations"][0]
        detail: Any = {"error": "guardrail_violation", "message": violation["details"], "violation": violation}
        raise refuse(400, detail)


async def _whole(asked: _Asked) -> Response:
    try:
        reply = ask(asked.body["messages"])
    except UpstreamRefusedError as error:
        raise refuse(error.status, f"Provider error: {error}") from None
    await asyncio.sleep(min(reply.pause, asked.world.upstream_timeout))
    if reply.pause > asked.world.upstream_timeout:
        raise refuse(502, "Upstream provider error: ")
    _record(asked, reply, first=None)
    return JSONResponse(reply.whole())


async def _stream(asked: _Asked) -> AsyncIterator[bytes]:
    try:
        reply = ask(asked.body["messages"])
    except UpstreamRefusedError as error:
        yield f'data: {{"error": "Upstream Error: {error.status}"}}\n\n'.encode()
        _record(asked, None, first=None)
        return
    first = _since(asked.began)
    try:
        async for event in reply.stream(with_usage=_names_usage(asked.body), patience=asked.world.upstream_timeout):
            yield event
    except TimeoutError:
        yield b'data: {"error": "Streaming Failed: "}\n\n'
    finally:
        # Also when the client left: the usage log is written either way.
        _record(asked, reply, first=first)


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)


def _record(asked: _Asked, reply: Reply | None, *, first: int | None) -> None:
    world, latency = asked.world, _since(asked.began)
    usage = _usage(asked, reply)
    world.count_usage(asked.key.id, asked.deployment.model_name, tokens=usage["total_tokens"])
    organisation = world.organisations.get(asked.key.organisation)
    world.logs.insert(
        InferenceLog(
            new_id(),
            asked.deployment.id,
            f"apikey:{asked.key.id}",
            asked.deployment.model_name,
            asked.address,
            asked.body if organisation and organisation.log_payloads else None,
            now(),
            latency,
            first,
            round(usage["completion_tokens"] * 1000 / max(latency, 1), 2) if reply else None,
            is_streaming=bool(asked.body.get("stream")),
            applied_policies=("quota", "prompt_template"),
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            total_tokens=usage["total_tokens"],
        ),
    )


def _names_usage(body: dict[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _usage(asked: _Asked, reply: Reply | None) -> dict[str, int]:
    if reply is None:
        prompt = estimated_tokens(last_text(asked.body["messages"]))
        return {"prompt_tokens": prompt, "completion_tokens": 0, "total_tokens": prompt}
    if asked.body.get("stream") and not _names_usage(asked.body):
        return reply.estimate
    return reply.usage
