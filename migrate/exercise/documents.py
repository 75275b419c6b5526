"""The services' OpenAPI documents, read once for a run; one that cannot be had costs its examples only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.routes import Service

_TIMEOUT = 5.0
_LARGEST = 16 * 1024 * 1024


def documents(services: Iterable[Service], folder: str) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Documents by service, and why another has none; `folder` is where files are looked for."""
    found: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for service in services:
        if not service.openapi:
            continue
        try:
            document = json.loads(_text(service, folder))
        except (OSError, ValueError, httpx.HTTPError) as error:
            missing[service.name] = f"{type(error).__name__}: {error}"
            continue
        if isinstance(document, dict) and isinstance(document.get("paths"), dict):
            found[service.name] = document
        else:
            missing[service.name] = "it is no OpenAPI document"
    return found, missing


def _text(service: Service, folder: str) -> bytes:
    place = service.openapi
    if not place.startswith(("/", "http://", "https://")):
        return Path(folder, place).read_bytes()[:_LARGEST]
    url = service.internal + place if place.startswith("/") else place
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        return client.get(url, headers={"Accept": "application/json"}).raise_for_status().content[:_LARGEST]
