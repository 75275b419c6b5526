"""Route tables for the port tests, as text: one service to close, one whose port the gateway inherits."""

from __future__ import annotations

import json


def table_text(host: str = "127.0.0.1", *, port: int = 8080, internal: str = "", gateway_port: int = 8000) -> str:
    """A `cutover.yaml`: orchestration at host:port, filtration on the gateway's own port."""
    document = {
        "version": 1,
        "platform": "small",
        "gateway": {"listen": f"0.0.0.0:{gateway_port}", "public_url": f"http://{host}:{gateway_port}"},
        "limits": {"read": {"rate": 1000}, "write": {"rate": 100}},
        "services": {
            "orchestration": {
                "legacy": f"http://{host}:{port}",
                "internal": internal or f"http://127.0.0.1:{port}",
                "authorization": "strip",
                "shadow_listen": "127.0.0.1:18080",
            },
            "filtration": {
                "legacy": f"http://{host}:{gateway_port}",
                "internal": "http://127.0.0.1:18100",
                "authorization": "forward",
                "shadow_listen": "127.0.0.1:18000",
            },
        },
        "routes": [
            _route("deployments.list", "orchestration", "GET /deployment/deployments", "GET /api/v1/deployments"),
            _route("pools.delete", "orchestration", "POST /deployment/deletepool/{id}", "DELETE /api/v1/pools/{id}"),
            {
                "id": "nodes.heartbeat",
                "service": "orchestration",
                "legacy": "POST /inventory/heartbeat",
                "effect": "write",
                "access": "internal",
            },
            _route("auth.me", "filtration", "GET /auth/me", "GET /api/v1/auth/me"),
        ],
    }
    return json.dumps(document, indent=1)


def _route(route: str, service: str, legacy: str, gateway: str) -> dict[str, str]:
    effect = "read" if legacy.startswith("GET") else "write"
    return {"id": route, "service": service, "legacy": legacy, "gateway": gateway, "effect": effect, "access": "jwt"}
