"""What the gateway itself says in the document: its problems, its headers, how to sign in, and its own pages."""

from __future__ import annotations

from typing import Any

PROBLEM_TYPE = "application/problem+json"
PROBLEMS = {
    "400": ("BadRequest", "The request can be read in two ways, or lacks a parameter"),
    "401": ("Unauthenticated", "No credential, or one that does not hold"),
    "403": ("Forbidden", "The caller may not do this, or not to this organisation"),
    "404": ("NotFound", "Nothing is served here, or not yet"),
    "409": ("Conflict", "A request with the same Idempotency-Key is under way"),
    "413": ("TooLarge", "The body is longer than the gateway takes"),
    "422": ("Unprocessable", "The Idempotency-Key was used for another request"),
    "429": ("RateLimited", "Too many requests; Retry-After says when to come back"),
    "502": ("Unreachable", "The service gave no usable answer"),
    "503": ("Unavailable", "The service is not asked now, or the gateway stops"),
    "504": ("TimedOut", "The service took too long"),
}
"""Component name and description by status, for what the gateway answers itself."""
_WHOLE = {"type": "integer"}
_TEXT = {"type": "string"}
HEADERS: dict[str, tuple[str, dict[str, str]]] = {
    "RateLimit": ("What is left of the quota, and when it is full again", _TEXT),
    "RateLimit-Policy": ("The quota: how many requests in how many seconds", _TEXT),
    "X-RateLimit-Limit": ("Requests in one window", _WHOLE),
    "X-RateLimit-Remaining": ("Requests left", _WHOLE),
    "X-RateLimit-Reset": ("Seconds until the quota is full again", _WHOLE),
    "Retry-After": ("Seconds after which to come back", _WHOLE),
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "With one key the request is done once, however often it is sent",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
SECURITY = {
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token"},
    "api-key": {"type": "http", "scheme": "bearer", "description": "An API key"},
}


def problem_schema() -> dict[str, str]:
    """A reference to the problem document's schema."""
    return {"$ref": "#/components/schemas/Problem"}


def problem_reference(status: str) -> dict[str, str]:
    """A reference to the gateway's own answer of this status."""
    return {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}


def idempotency_reference() -> dict[str, str]:
    """A reference to the header with which a write is done once, however often it is sent."""
    return {"$ref": "#/components/parameters/IdempotencyKey"}


def header_references() -> dict[str, dict[str, str]]:
    """References to the headers that say how much may still be asked."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS if name != "Retry-After"}


def components(schemas: dict[str, Any]) -> dict[str, Any]:
    """The components: the services' schemas beside the gateway's own."""
    return {
        "schemas": {**schemas, **SCHEMAS},
        "responses": {name: _problem(status, told) for status, (name, told) in PROBLEMS.items()},
        "headers": {name: {"description": told, "schema": kind} for name, (told, kind) in HEADERS.items()},
        "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
        "securitySchemes": SECURITY,
    }


def _problem(status: str, told: str) -> dict[str, Any]:
    headers = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if status in {"429", "503"} else {}
    if status == "429":
        headers |= header_references()
    return {
        "description": told,
        **({"headers": headers} if headers else {}),
        "content": {PROBLEM_TYPE: {"schema": problem_schema()}},
    }


def _object(required: list[str], **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": members}


SCHEMAS: dict[str, Any] = {
    "Problem": {
        "description": "What the gateway answers itself (RFC 9457)",
        **_object(
            ["type", "title", "status", "detail"],
            type=_TEXT,
            title=_TEXT,
            status=_WHOLE,
            detail={**_TEXT, "description": "What to tell a person"},
            reason={**_TEXT, "description": "One word for what was wrong"},
            request_id=_TEXT,
        ),
    },
    "ServicesHealth": _object(
        ["status", "version", "services"],
        status={**_TEXT, "enum": ["healthy", "partial", "degraded"]},
        version=_TEXT,
        services={"type": "array", "items": {"$ref": "#/components/schemas/ServiceHealth"}},
    ),
    "ServiceHealth": _object(
        ["name", "status"],
        name=_TEXT,
        status={**_TEXT, "enum": ["online", "degraded", "offline"]},
        latency_ms={"type": ["number", "null"]},
        error={"type": ["string", "null"]},
    ),
    "FlagRequest": _object(
        ["context"],
        context={"type": "object", "properties": {"targetingKey": _TEXT, "org_id": _TEXT}},
    ),
    "FlagValue": _object(
        ["key", "reason", "variant", "value"],
        key=_TEXT,
        value={"type": ["string", "boolean"]},
        variant={**_TEXT, "enum": ["legacy", "gateway"]},
        reason={**_TEXT, "enum": ["STATIC", "SPLIT"]},
        metadata={"type": "object"},
    ),
    "FlagFailure": _object(["errorCode"], key=_TEXT, errorCode=_TEXT, errorDetails=_TEXT),
}
