"""Small OpenAPI documents for tests."""

from __future__ import annotations

import json
from typing import Any

from gateway.openapi import Described


def described(
    paths: dict[str, Any] | None = None,
    version: str = "3.1.0",
    schemas: dict[str, Any] | None = None,
    **components: Any,
) -> Described:
    """A document with these paths and components."""
    document = {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": paths or {},
        "components": {"schemas": schemas or {}, **components},
    }
    return Described(json.dumps(document).encode())


def answering(**operation: Any) -> dict[str, Any]:
    """An operation that answers 200, with further members."""
    return {"responses": {"200": {"description": "fine"}}, **operation}
