"""A dashboard's session, as the recorded one: a browser's calls on legacy paths, and an API client's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import pyotp
from websockets.sync.client import connect
from websockets.typing import Origin

from gateway.core.errors import CutoverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from migrate.demo.platform import Seed

_ORIGIN = "http://localhost:3001"
_CLICK = 0.05
"""Seconds a person takes, at the very least, between reading a page and changing something."""
_WEEK = "start_time=2026-11-15T19:12:37.330Z&end_time=2026-11-22T19%3A12%3A37.330%2B00%3A00"


class UnexpectedAnswerError(CutoverError):
    """A call of the session was answered in a way the dashboard could not go on with."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the session: what the user sees, and the calls it makes."""

    title: str
    visit: Callable[[], None]


@dataclass
class Dashboard:
    """One signed-in user behind one browser; `services` maps service names to the base URLs it calls.

    Calls are checked: an answer with another status than the page can live with raises UnexpectedAnswerError.
    """

    services: Mapping[str, str]
    sidecar: str
    seed: Seed
    totp_secret: str = ""
    token: str = ""
    calls: int = 0
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def pages(self) -> Iterator[Page]:
        """The session in order; every visit may be made again in a later round."""
        yield Page("sign in with TOTP", self.sign_in)
        yield Page("overview", self.overview)
        yield Page("insights", self.insights)
        yield Page("deploy, status, terminate, delete", self.deployments)
        yield Page("logs over WebSocket", self.logs)
        yield Page("deployment settings", self.settings)
        yield Page("API keys", self.api_keys)
        yield Page("knowledge base and upload", self.knowledge)
        yield Page("prompt templates", self.templates)
        yield Page("compute pools", self.pools)
        yield Page("organization, users, roles", self.administration)
        yield Page("audit log and providers", self.audit)
        yield Page("status page", self.status)
        yield Page("API client: models and chat", self.chat)
        yield Page("sign out", self.sign_out)

    def close(self) -> None:
        """Close every connection."""
        self.client.close()

    def call(self, method: str, service: str, target: str, *, expect: int = 200, **options: Any) -> httpx.Response:
        """One call with the token, as the page makes it.

        Raises:
            UnexpectedAnswerError: another status than `expect`.
        """
        if method not in {"GET", "OPTIONS"}:
            time.sleep(_CLICK)
        headers = {"Origin": _ORIGIN, **options.pop("headers", {})}
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        response = self.client.request(method, self.services[service] + target, headers=headers, **options)
        self.calls += 1
        if response.status_code != expect:
            raise UnexpectedAnswerError(
                f"{method} {target.partition('?')[0]} on {service} answered {response.status_code}, not {expect}:"
                f" {response.text[:200]}"
            )
        return response

    def preflight(self, method: str, service: str, target: str) -> None:
        """The question a browser asks before a call from another origin."""
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
        answer = self.client.request("OPTIONS", self.services[service] + target, headers={"Origin": _ORIGIN, **asked})
        self.calls += 1
        if answer.headers.get("access-control-allow-origin") not in {"*", _ORIGIN}:
            raise UnexpectedAnswerError(f"the browser would block {method} {target} on {service}")

    def sign_in(self) -> None:
        """A wrong password, then the right one; enrols for TOTP the first time, uses it from then on."""
        self.token = ""
        who = {"username": self.seed.admin_email, "password": self.seed.admin_password}
        self.preflight("POST", "filtration", "/auth/login")
        self.call("POST", "filtration", "/auth/login", json={**who, "password": "not-it"}, expect=401)
        if self.totp_secret:
            self.call("POST", "filtration", "/auth/login", json=who, expect=403)
            who["totp_code"] = pyotp.TOTP(self.totp_secret).now()
        self.token = self.call("POST", "filtration", "/auth/login", json=who).json()["access_token"]
        self.call("GET", "filtration", "/auth/me")
        self.call("GET", "filtration", "/auth/organizations")
        if not self.totp_secret:
            secret: str = self.call("POST", "filtration", "/auth/totp/setup").json()["secret"]
            self.call("POST", "filtration", "/auth/totp/verify", json={"totp_code": pyotp.TOTP(secret).now()})
            self.totp_secret = secret

    def overview(self) -> None:
        """The first page after signing in; its audit call is a 404 today and stays harmless."""
        organisation = self.seed.organisation
        self.call("GET", "filtration", "/management/organizations/me")
        self.preflight("GET", "filtration", "/management/deployments/recent-logs?limit=5")
        self.call("GET", "filtration", "/management/deployments/recent-logs?limit=5")
        self.call("GET", "filtration", "/management/audit/logs?limit=5", expect=404)
        self.call("GET", "orchestration", f"/deployment/listPools/{organisation}")
        self.call("GET", "orchestration", f"/deployment/deployments?org_id={organisation}")

    def insights(self) -> None:
        """Six charts over one week; the `+` of the zone stays `%2B`."""
        for chart in ("filters", "summary", "timeseries", "top-ips", "top-models", "logs"):
            self.call("GET", "filtration", f"/management/insights/{chart}?{_WEEK}")

    def deployments(self) -> None:
        """An external model is deployed, looked at, stopped and deleted."""
        organisation = self.seed.organisation
        wanted = {
            "model_name": "demo-external",
            "model_version": "latest",
            "replicas": 1,
            "gpu_per_replica": 0,
            "workload_type": "external",
            "pool_id": "00000000-0000-0000-0000-000000000000",
            "engine": "openai",
            "configuration": {"provider": "openai", "model": "fake-1", "api_key": "sk-demo-provider-key"},
            "endpoint": "https://api.openai.com",
            "owner_id": self.seed.admin,
            "org_id": organisation,
        }
        self.preflight("POST", "orchestration", "/deployment/deploy")
        made = self.call("POST", "orchestration", "/deployment/deploy", json=wanted).json()["deployment_id"]
        self.call("GET", "orchestration", f"/deployment/deployments?org_id={organisation}")
        self.call("GET", "orchestration", f"/deployment/status/{made}")
        for act in ("terminate", "start", "terminate"):
            self.call("POST", "orchestration", f"/deployment/{act}", json={"deployment_id": made})
            self._settle(made, "RUNNING" if act == "start" else "STOPPED")
        self.call("DELETE", "orchestration", f"/deployment/delete/{made}")

    def _settle(self, deployment: str, state: str) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            answer = self.call("GET", "orchestration", f"/deployment/status/{deployment}").json()
            if answer.get("state") == state:
                return
            time.sleep(0.2)
        raise UnexpectedAnswerError(f"deployment {deployment} did not become {state}: {answer}")

    def logs(self) -> None:
        """The terminal page asks where the logs are, then opens that socket and subscribes."""
        deployment = self.seed.running_deployment
        self.call("GET", "orchestration", f"/deployment/logs/{deployment}")
        self.call("GET", "filtration", f"/management/deployments/{deployment}/logs")
        described = self.call("GET", "orchestration", f"/deployment/logs/{deployment}/stream").json()
        with connect(self._socket(described["ws_url"]), origin=Origin(_ORIGIN), proxy=None) as socket:
            socket.send(httpx.Request("POST", "http://x", json=described["subscription"]).content.decode())
            frames = [socket.recv(timeout=10) for _ in range(3)]
        self.calls += 1
        if not all('"log"' in str(frame) for frame in frames):
            raise UnexpectedAnswerError(f"the log socket sent {frames!r:.200}")

    def _socket(self, ws_url: str) -> str:
        """The page calls its configured address in the place of the sidecar's own, and keeps the rest."""
        if urlsplit(ws_url).netloc == urlsplit(self.sidecar).netloc:
            return ws_url.replace(urlsplit(ws_url).netloc, urlsplit(self.services["sidecar"]).netloc, 1)
        return ws_url

    def settings(self) -> None:
        """The tabs of one deployment, and one saved."""
        deployment = self.seed.running_deployment
        for tab in ("guardrail", "rag", "prompt_template", "rate_limit"):
            self.call("GET", "filtration", f"/management/config/{tab}?deployment_id={deployment}")
        body = {"policy_type": "rate_limit", "deployment_id": deployment, "config_json": {"enabled": True, "rpm": 60}}
        self.call("POST", "filtration", "/management/config", json=body)

    def api_keys(self) -> None:
        """A key is made, seen once, and revoked."""
        self.call("GET", "filtration", "/management/api-keys?skip=0&limit=20")
        made = self.call("POST", "filtration", "/management/api-keys", json={"name": "demo key"}, expect=201).json()
        self.call("GET", "filtration", "/management/api-keys?skip=0&limit=20")
        self.preflight("DELETE", "filtration", f"/management/api-keys/{made['id']}")
        self.call("DELETE", "filtration", f"/management/api-keys/{made['id']}", expect=204)
        self.call("GET", "filtration", "/management/api-keys?skip=0&limit=20")

    def knowledge(self) -> None:
        """A file is uploaded as multipart."""
        self.call("GET", "filtration", "/management/data/collections")
        file = {"file": ("shipping.txt", b"Parcels leave on Mondays.\n", "text/plain")}
        form = {"collection_name": self.seed.collection}
        self.call("POST", "filtration", "/management/data/upload", data=form, files=file, expect=201)
        self.call("GET", "filtration", f"/management/data/collections/{self.seed.collection}/files")

    def templates(self) -> None:
        """A template whose name carries a space."""
        name = f"demo tmpl {self.calls}"
        body = {"template_id": name, "content": "Hello {{ context }} é", "description": "d"}
        self.call("GET", "filtration", "/management/templates?skip=0&limit=20")
        self.call("POST", "filtration", "/management/templates", json=body, expect=201)
        self.call("GET", "filtration", "/management/templates?skip=0&limit=20")
        self.call("DELETE", "filtration", f"/management/templates/{quote(name)}", expect=204)

    def pools(self) -> None:
        """A pool is made and deleted."""
        organisation = self.seed.organisation
        wanted = {
            "pool_name": f"demo pool {self.calls}",
            "owner_type": "user",
            "owner_id": organisation,
            "provider": "nosana",
            "allowed_gpu_types": ["A100"],
            "max_cost_per_hour": 0.9,
            "is_dedicated": False,
            "provider_pool_id": "nosana-a100",
            "scheduling_policy_json": '{"strategy":"best_fit"}',
        }
        self.call("GET", "orchestration", f"/deployment/listPools/{organisation}")
        self.call("GET", "orchestration", "/deployment/provider/resources?provider=nosana")
        made = self.call("POST", "orchestration", "/deployment/createpool", json=wanted).json()["pool_id"]
        self.call("GET", "orchestration", f"/deployment/list/pool/{made}/inventory")
        self.call("POST", "orchestration", f"/deployment/deletepool/{made}")

    def administration(self) -> None:
        """Quota, users, an invitation, a role."""
        self.call("GET", "filtration", "/management/config/quota")
        self.call("GET", "filtration", "/management/config/quota/usage")
        self.call("PATCH", "filtration", "/management/organizations/me", json={"log_payloads": False})
        self.call("GET", "filtration", "/management/users?skip=0&limit=20")
        self.call("GET", "filtration", "/management/invitations")
        invited = {"email": f"guest{self.calls}@demo.example", "role": "member"}
        made = self.call("POST", "filtration", "/management/invitations", json=invited, expect=201).json()
        self.call("GET", "filtration", f"/auth/invitations/{made['token']}")
        self.call("DELETE", "filtration", f"/management/invitations/{made['id']}", expect=204)
        self.call("GET", "filtration", "/admin/roles?skip=0&limit=20")
        self.call("GET", "filtration", "/admin/roles/permissions/list")
        role = {"name": f"demo{self.calls}", "description": "d", "permissions": ["admin:all"]}
        self.call("POST", "filtration", "/admin/roles", json=role)
        self.call("DELETE", "filtration", f"/admin/roles/{role['name']}")

    def audit(self) -> None:
        """The audit log and the provider settings, saved back with their masked secrets."""
        self.call("GET", "filtration", "/audit/logs?limit=20")
        self.call("GET", "filtration", "/audit/logs?action=user.login&action=role.create&limit=5")
        settings = self.call("GET", "filtration", "/management/config/providers").json()
        self.call("POST", "filtration", "/management/config/providers", json=settings)

    def status(self) -> None:
        """Health probes as the page makes them: no token."""
        kept, self.token = self.token, ""
        for service in ("filtration", "data", "guardrail", "sidecar"):
            self.call("GET", service, "/health")
        self.call("GET", "orchestration", "/deployment/listPools/health-check")
        self.call("OPTIONS", "inference", "/v1/chat/completions", expect=405)
        self.token = kept

    def chat(self) -> None:
        """An API client with its `sk-` key: models, one answer, one stream to its `[DONE]`."""
        key = {"Authorization": f"Bearer {self.seed.api_key}"}
        question = {"model": self.seed.external_model, "messages": [{"role": "user", "content": "Hello wörld 👋"}]}
        self.call("GET", "inference", "/v1/models", headers=key)
        self.call("POST", "inference", "/v1/chat/completions", headers=key, json=question)
        url = self.services["inference"] + "/v1/chat/completions"
        with self.client.stream("POST", url, headers=key, json={**question, "stream": True}) as stream:
            text = "".join(stream.iter_text())
        self.calls += 1
        if not text.endswith("data: [DONE]\n\n"):
            raise UnexpectedAnswerError(f"the stream ended with {text[-80:]!r}")

    def sign_out(self) -> None:
        """The platform keeps the token valid; the page forgets it."""
        self.call("POST", "filtration", "/auth/logout")
        self.token = ""
