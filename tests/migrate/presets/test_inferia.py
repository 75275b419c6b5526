"""The shipped preset against what the platform really is called with."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.config import load_table
from gateway.core.exchange import Request
from gateway.core.mapping import to_gateway, to_legacy
from gateway.core.routes import Access, Authorization, Effect, Kind

PLATFORM = Path(__file__).parents[4] / "shared" / "platform"
PRESET = Path(__file__).parents[3] / "migrate" / "presets" / "inferia.yaml"
TABLE = load_table(PRESET, {})
SERVICES = {
    "Filtration": "filtration",
    "Inference": "inference",
    "Orchestration": "orchestration",
    "Guardrail": "guardrail",
    "Data": "data",
}
NOT_ROUTED = {("filtration", "GET", "/nope")}


def shared(name: str) -> str:
    """A file about the platform, or a skip that says where it was looked for."""
    path = PLATFORM / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return path.read_text()


def routed(service: str, method: str, path: str, *, upgrade: bool = False) -> bool:
    """Whether the table knows this legacy call; a trailing `*` asks for anything below."""
    if path.endswith("*"):
        prefix = path.removesuffix("/*")
        targets = [target for route in TABLE.routes if route.service == service for target in route.legacy_targets]
        return any(target.method == method and target.path.text.startswith(prefix) for target in targets)
    return TABLE.legacy(service).find(method, re.sub(r"\{\w+\}", "x-1", path), upgrade=upgrade) is not None


def spelled(cell: str) -> list[str]:
    """The paths that a table cell abbreviates: `/a, /b`, `/a/{b,c}`, `/roles[/{name}]`, `/a?x=`."""
    cell = re.sub(r"\s*\(.*|\*\*.*", "", cell)
    paths = []
    for part in re.split(r",\s+", cell):
        path = part.partition("?")[0].strip()
        listed = re.search(r"\{(\w+(?:-\w+)*(?:,[\w-]+)+)\}", path)
        for choice in listed[1].split(",") if listed else [""]:
            chosen = path.replace(listed[0], choice) if listed else path
            optional = re.search(r"\[(.*)\]", chosen)
            paths += (
                [chosen.replace(optional[0], optional[1]), chosen.replace(optional[0], "")] if optional else [chosen]
            )
    return paths


def dashboard_rows() -> list[tuple[str, str, str]]:
    """Service, method and path cell of every row of dashboard-calls.md."""
    rows, service = [], ""
    for line in shared("dashboard-calls.md").splitlines():
        if line.startswith("## "):
            service = line.removeprefix("## ").split()[0].lower()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[A-Z/]+|\*\*WS\*\*", cells[0]):
            rows.append((service, cells[0], cells[1]))
    return rows


def test_every_call_of_the_dashboard_has_a_route() -> None:
    """All rows of dashboard-calls.md, the socket and the probes among them."""
    rows = dashboard_rows()
    assert len(rows) >= 60
    missing = []
    for service, methods, cell in rows:
        if methods == "**WS**":
            assert routed("sidecar", "GET", "/nosana", upgrade=True)
            continue
        if side := re.match(r"(DATA|GUARDRAIL|SIDECAR)_URL(/\S+)", cell):
            service, cell = side[1].lower(), side[2]  # noqa: PLW2901 - the cell names another service
        for method in methods.split("/"):
            found = [routed(service, method, path) for path in spelled(cell)]
            several = "[" in cell
            if not (any(found) if several else all(found)):
                missing.append((service, method, cell))
    assert missing == []


def test_every_endpoint_of_the_audit_has_a_route() -> None:
    """All lines of audit.md §2, in the audit's own spelling."""
    inventory = shared("audit.md").partition("## 2. API Endpoints Inventory")[2].partition("## 3. ")[0]
    service, missing, count = "", [], 0
    for line in inventory.splitlines():
        if heading := re.match(r"### 2\.\d (\w+) Service", line):
            service = SERVICES[heading[1]]
        if endpoint := re.match(r"(GET|POST|PUT|PATCH|DELETE)\s+(/\S+)", line):
            count += 1
            if not routed(service, endpoint[1], endpoint[2]):
                missing.append((service, endpoint[0]))
    assert routed("guardrail", "POST", "/scan")
    assert count >= 60
    assert missing == []


def test_every_documented_operation_has_a_route() -> None:
    """All operations of the services' own OpenAPI documents."""
    missing = []
    for service in SERVICES.values():
        document = json.loads(shared(f"openapi/{service}.json"))
        for path, operations in document["paths"].items():
            missing += [(service, method, path) for method in operations if not routed(service, method.upper(), path)]
    assert missing == []


def recorded() -> list[tuple[str, Request]]:
    """Service and request of every recorded exchange."""
    ports = {urlsplit(service.legacy).port: name for name, service in TABLE.services.items()}
    out = []
    for entry in json.loads(shared("dashboard-session.har"))["log"]["entries"]:
        url = urlsplit(entry["request"]["url"])
        headers = tuple((item["name"], item["value"]) for item in entry["request"]["headers"])
        target = url.path + (f"?{url.query}" if url.query else "")
        body = (entry["request"].get("postData") or {}).get("text", "").encode()
        assert url.port
        out.append((ports[url.port], Request(entry["request"]["method"], target, headers, body)))
    return out


def asked(request: Request) -> str:
    """The method a request is about: a preflight belongs to the route it asks for."""
    wanted = dict((name.lower(), value) for name, value in request.headers)  # noqa: C402 - duplicates may stand
    return wanted.get("access-control-request-method", request.method) if request.is_preflight else request.method


def test_every_recorded_exchange_is_routed() -> None:
    """All 297, but for the one path that never existed."""
    unmatched: Counter[tuple[str, str, str]] = Counter()
    exchanges = recorded()
    for service, request in exchanges:
        if not TABLE.legacy(service).find(asked(request), request.path, upgrade=request.is_upgrade):
            unmatched[service, request.method, request.path] += 1
    assert len(exchanges) == 297
    assert set(unmatched) == NOT_ROUTED


def test_every_recorded_call_survives_both_mappings() -> None:
    """In gateway terms it matches its own route, and back in legacy terms it is the call that was made."""
    checked = 0
    for service, request in recorded():
        matched = TABLE.legacy(service).find(request.method, request.path, upgrade=request.is_upgrade)
        if not matched or matched.route.gateway is None or matched.route.kind is Kind.WEBSOCKET:
            continue
        mapped = to_gateway(matched.route, matched.parameters, request)
        again = TABLE.exposed.find(mapped.method, mapped.path)
        assert again
        assert again.route is matched.route
        back = to_legacy(matched.route, again.parameters, mapped)
        assert (back.method, back.target) == (request.method, request.target)
        if any(move.legacy.where == "body" for move in matched.route.moves):
            assert json.loads(back.body) == json.loads(request.body)
        else:
            assert back.body == request.body
        checked += 1
    assert checked > 200


def test_services_get_what_they_check() -> None:
    """Filtration and inference check Authorization themselves; the others never see it."""
    forwarded = {name for name, item in TABLE.services.items() if item.authorization is Authorization.FORWARD}
    assert forwarded == {"filtration", "inference"}
    assert set(TABLE.services) == {"filtration", "inference", "orchestration", "data", "guardrail", "sidecar"}


def test_nothing_internal_is_exposed() -> None:
    """Service-to-service paths and heartbeats have no gateway path, whatever spelling is asked for."""
    for path in (
        "/internal/models",
        "/api/v1/internal/models",
        "/inventory/heartbeat",
        "/audit/internal/log",
        "/scan",
    ):
        for method in ("GET", "POST"):
            assert TABLE.exposed.find(method, path) is None
    for service, method, path in (
        ("filtration", "POST", "/internal/auth/login"),
        ("filtration", "GET", "/internal/models"),
        ("orchestration", "POST", "/inventory/heartbeat"),
    ):
        matched = TABLE.legacy(service).find(method, path)
        assert matched
        assert matched.route.access is Access.INTERNAL


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/api/v1/deployments/7/logs", "deployments.logs"),
        ("GET", "/api/v1/deployments/7/log-stream", "deployments.log-stream"),
        ("GET", "/api/v1/deployments/7/inference-logs", "inference-logs.list"),
        ("GET", "/api/v1/external-deployments", "external-deployments.list"),
        ("POST", "/api/v1/inference/chat/completions", "inference.chat"),
        ("GET", "/api/v1/inference/models", "inference.models"),
        ("POST", "/api/v1/deployments", "deployments.create"),
        ("GET", "/api/v1/users", "users.list"),
        ("GET", "/api/v1/audit/logs", "audit.logs"),
        ("GET", "/api/v1/providers/resources", "providers.resources"),
        ("GET", "/api/v1/api-keys", "api-keys.list"),
        ("GET", "/api/v1/organizations/me", "organizations.get"),
        ("GET", "/api/v1/admin/roles", "roles.list"),
        ("POST", "/api/v1/config", "config.set"),
    ],
)
def test_fixed_gateway_paths(method: str, path: str, route: str) -> None:
    """Where the audit lets operations collide, each has its own path."""
    matched = TABLE.exposed.find(method, path)
    assert matched
    assert matched.route.id == route


def test_the_log_socket_shares_its_path_with_the_logs() -> None:
    """An upgrade is the socket, served by the sidecar; its descriptor rewrites ws_url."""
    matched = TABLE.exposed.find("GET", "/api/v1/deployments/7/logs", upgrade=True)
    assert matched
    assert (matched.route.id, matched.route.service) == ("deployments.log-socket", "sidecar")
    assert (
        to_legacy(matched.route, matched.parameters, Request("GET", "/api/v1/deployments/7/logs")).target == "/nosana"
    )
    for path in ("/nosana", "/", "/any/path"):
        assert routed("sidecar", "GET", path, upgrade=True)
    descriptor = TABLE.route("deployments.log-stream")
    assert descriptor
    assert descriptor.rewrites == ("ws_url",)


def test_the_status_page_needs_no_token() -> None:
    """Every probe of the page is public; orchestration's own list is not."""
    for service, method, path in (
        ("filtration", "GET", "/health"),
        ("data", "GET", "/health"),
        ("guardrail", "GET", "/health"),
        ("sidecar", "GET", "/health"),
        ("inference", "OPTIONS", "/v1/chat/completions"),
        ("orchestration", "GET", "/deployment/listPools/health-check"),
    ):
        matched = TABLE.legacy(service).find(method, path)
        assert matched
        assert matched.route.access is Access.PUBLIC
    listed = TABLE.legacy("orchestration").find("GET", "/deployment/listPools/some-owner")
    assert listed
    assert listed.route.access is Access.JWT


def test_effects_follow_what_a_call_does() -> None:
    """A GET reads; other methods write, but for chat, which is metered, and the bare OPTIONS probe."""
    for route in TABLE.select("*"):
        if route.id == "inference.chat":
            assert route.effect is Effect.METERED
        else:
            assert (route.effect is Effect.READ) == (route.legacy.method in {"GET", "OPTIONS"}), route.id


def test_chat_outlives_the_platforms_own_deadline() -> None:
    """The platform gives up after 60 s and says so in its own words; the gateway waits for them."""
    chat = TABLE.route("inference.chat")
    assert chat
    assert chat.timeouts.first_byte >= 75
    assert chat.timeouts.idle >= 75
    assert chat.kind is Kind.SSE


def test_tenants_are_held_apart_where_a_call_names_one() -> None:
    """Every place of an orchestration call that names an organisation must be the caller's own."""
    scoped = {route.id: [str(place) for place in route.scope] for route in TABLE.routes if route.scope}
    assert scoped == {
        "deployments.list": ["query.org_id"],
        "deployments.create": ["body.org_id"],
        "pools.list": ["query.owner_id"],
        "pools.create": ["body.owner_id"],
    }


def test_the_missing_token_change_covers_every_jwt_route_of_filtration() -> None:
    """Declared once, for all of them and for no public one."""
    change = next(change for change in TABLE.changes if change.id == "filtration-missing-token")
    meant = {route.id for route in TABLE.select(*change.routes)}
    assert meant == {r.id for r in TABLE.routes if r.service == "filtration" and r.access is Access.JWT}
