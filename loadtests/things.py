"""What a load test may create on the platform: how each kind is made, told apart, found again and deleted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loadtests.calls import Call, route_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gateway.core.table import RouteTable

PAGE = 100
"""Items of one answer to a list that is paged, the most the platform gives."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One kind. `create` needs `{name}`, `delete` needs `{id}`, `listed` may need `{skip}`.

    `identity` is the member of the create's answer that holds the id (empty: the name is the id). In the list,
    items stand at `member` (empty: the root) with their name at `label` and their id at `key`; where `alive` names a
    member, items without it count as deleted. `acts` are further calls on one thing, by its `{id}`.
    """

    name: str
    create: Call
    delete: Call
    listed: Call
    label: str
    key: str
    identity: str = ""
    member: str = ""
    alive: str = ""
    acts: tuple[Call, ...] = ()

    @property
    def paged(self) -> bool:
        """Whether its list comes in pages."""
        return "skip" in self.listed.names

    def made(self, body: bytes, name: str) -> str:
        """The id that the answer to `create` tells; empty when it tells none."""
        if not self.identity:
            return name
        document = _document(body)
        return str(document.get(self.identity) or "") if isinstance(document, dict) else ""

    def found(self, body: bytes, prefix: str) -> tuple[tuple[str, str], ...]:
        """Name and id of each item of a list whose name begins so."""
        return tuple(
            (str(item[self.label]), str(item[self.key]))
            for item in self.items(body)
            if str(item.get(self.label) or "").startswith(prefix) and item.get(self.key)
            if not self.alive or item.get(self.alive)
        )

    def items(self, body: bytes) -> list[dict[str, Any]]:
        """The items of a list, whatever they are called.

        Raises:
            ValueError: the answer is no such list, so nothing follows from it.
        """
        document = _document(body)
        if self.member:
            document = document.get(self.member) if isinstance(document, dict) else None
        if not isinstance(document, list):
            raise ValueError(f"no list of {self.name}")  # noqa: TRY004 - the text is at fault, not a type of ours
        return [item for item in document if isinstance(item, dict)]


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _managed(
    name: str, path: str, body: dict[str, Any], label: str, key: str, identity: str = "", alive: str = ""
) -> Thing:
    return Thing(
        name,
        Call("filtration", path, method="POST", body=body),
        Call("filtration", path + "/{id}", method="DELETE"),
        Call("filtration", f"{path}?skip={{skip}}&limit={PAGE}"),
        label,
        key,
        identity,
        alive=alive,
    )


API_KEY = _managed(
    "API key",
    "/management/api-keys",
    {"name": "{name}"},
    label="name",
    key="id",
    identity="id",
    alive="is_active",
)
THINGS = (
    API_KEY,
    _managed(
        "template",
        "/management/templates",
        {"template_id": "{name}", "content": "Hello", "description": "made by a load test"},
        label="template_id",
        key="template_id",
    ),
    _managed(
        "role",
        "/admin/roles",
        {"name": "{name}", "description": "made by a load test", "permissions": []},
        label="name",
        key="name",
    ),
    Thing(
        "invitation",
        Call("filtration", "/management/invitations", method="POST", body={
            "email": "{name}@example.com", "role": "member",
        }),
        Call("filtration", "/management/invitations/{id}", method="DELETE"),
        Call("filtration", "/management/invitations"),
        label="email", key="id", identity="id", member="invitations",
    ),
    Thing(
        "pool",
        Call("orchestration", "/deployment/createpool", method="POST", body={
            "pool_name": "{name}", "owner_type": "user", "owner_id": "{org}", "provider": "nosana",
            "allowed_gpu_types": ["A100"], "max_cost_per_hour": 0.9, "is_dedicated": False,
            "provider_pool_id": "nosana-a100", "scheduling_policy_json": '{"strategy":"best_fit"}',
        }),
        Call("orchestration", "/deployment/deletepool/{id}", method="POST"),
        Call("orchestration", "/deployment/listPools/{org}"),
        label="pool_name", key="pool_id", identity="pool_id", member="pools",
    ),
    Thing(
        "external deployment",
        Call("orchestration", "/deployment/deploy", method="POST", body={
            "model_name": "{name}", "model_version": "latest", "replicas": 1, "gpu_per_replica": 0,
            "workload_type": "external", "pool_id": "00000000-0000-0000-0000-000000000000", "engine": "openai",
            "configuration": {"provider": "openai", "model": "none", "api_key": "none"},
            "endpoint": "http://127.0.0.1:9", "org_id": "{org}", "owner_id": "{user}",
        }),
        # Legacy deletes it, commits, and then answers 500.
        Call("filtration", "/management/deployments/{id}", method="DELETE", fine=(500,)),
        Call("orchestration", "/deployment/deployments?org_id={org}"),
        label="model_name", key="deployment_id", identity="deployment_id", member="deployments",
        acts=(
            Call("orchestration", "/deployment/terminate", method="POST", body={"deployment_id": "{id}"}),
            Call("orchestration", "/deployment/start", method="POST", body={"deployment_id": "{id}"}, fine=(400,)),
        ),
    ),
)  # fmt: skip


def creatable(table: RouteTable, left_out: Collection[str] = ()) -> tuple[Thing, ...]:
    """The kinds that this table can create, find again and delete; what could not be undone is not among them."""
    return tuple(thing for thing in THINGS if all(_open(table, call, left_out) for call in _calls(thing)))


def _calls(thing: Thing) -> Iterator[Call]:
    yield from (thing.create, thing.delete, thing.listed)


def _open(table: RouteTable, call: Call, left_out: Collection[str]) -> bool:
    route = route_of(table, call)
    return route is not None and route.id not in left_out
