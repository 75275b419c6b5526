"""What the gateway shows: `gateway.api`, `gateway.passthrough`, and a service's document, health and title."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.config.problem import Wrong
from gateway.config.scalars import origin_url
from gateway.core.policy import Api

if TYPE_CHECKING:
    from gateway.config.operations import RouteDraft
    from gateway.config.problem import Findings
    from gateway.config.section import Section
    from gateway.core.policy import Policy

PAGES = ("/openapi.json", "/docs", "/health/services")
"""The gateway's own pages below `gateway.api.prefix`."""
_PATH = re.compile(r"/[A-Za-z0-9._~%/-]*(\?[^#\s]*)?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def read_api(section: Section) -> Api:
    """Where the gateway's own pages stand."""
    api = Api(prefix=section.read("prefix", _prefix, Api().prefix))
    section.close()
    return api


def document(text: str) -> str:
    """Where a service's OpenAPI document stands: a path at the service, a URL, or a file beside cutover.yaml."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Wrong(f"{text!r:.80} is no URL", "write https://host/path") from None
    plain = text.isprintable() and " " not in text
    if parts.scheme in {"http", "https"} and parts.netloc and plain:
        origin_url(f"{parts.scheme}://{parts.netloc}")
        return text
    if parts.scheme or not text.strip() or (text.startswith("/") and not _PATH.fullmatch(text)):
        raise Wrong(
            f"{text!r:.80} is no document",
            "write /openapi.json (asked of the service), a URL, or a file such as openapi/data.json",
        )
    return text


def health(text: str) -> str:
    """The path at the service that says how it is; `none` for a service that has none."""
    if text == "none":
        return ""
    if not _PATH.fullmatch(text):
        raise Wrong(f"{text!r:.80} is no path", "write a path such as /health, or none")
    return text


def check_face(policy: Policy, routes: list[RouteDraft], findings: Findings) -> None:
    """Add a problem where own pages would stand in a route's place."""
    own = {policy.api.prefix + page for page in PAGES}
    for draft in routes:
        if draft.gateway is None:
            continue
        path = draft.gateway.value.path.text
        if path in own:
            message = f"route {draft.route.id}: {path} is a page of the gateway's own"
            findings.add(draft.gateway.line, message, "write another path, or another gateway.api.prefix")
        if path.startswith("/ofrep/"):
            message = f"route {draft.route.id}: paths under /ofrep belong to the gateway itself"
            findings.add(draft.gateway.line, message, "write another path")


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text) or text.startswith(("/.cutover", "/ofrep")):
        raise Wrong(f"{text!r:.60} is no prefix", "write a path such as /api/v1")
    return text
