"""The nodes: tell orchestration that they live, as sidecars do."""

from __future__ import annotations

import json
import random

from loadtests.personas import HEARTBEAT
from loadtests.results import LEGACY
from loadtests.users.platform_user import PlatformUser

_UNKNOWN = 404


class Node(PlatformUser):
    """Sends heartbeats. Nodes call orchestration itself, never the gateway, so only legacy gets them.

    Unless nodes are named (`CUTOVER_LOAD_NODES`), it is one that the platform does not know: its heartbeat is read,
    looked up and answered 404, and nothing is written. A named node's heartbeat says that it is ready.
    """

    think = (2.0, 6.0)

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        table, workload = self.load.prepared.table, self.load.plan.workload
        matched = table.legacy(HEARTBEAT.service).find("POST", HEARTBEAT.target)
        assert matched is not None  # noqa: S101 - the persona is only there when the table has it
        self.route = matched.route.id
        self.nodes = workload.nodes or (f"none/cutover-load-{workload.run}",)

    def beat(self) -> None:
        """Send one heartbeat, while legacy is under load."""
        place = self.load.place(self.route)
        if place.side != LEGACY:
            return
        provider, _, instance = random.choice(self.nodes).partition("/")
        body = json.dumps({"provider": provider, "provider_instance_id": instance, "state": "ready"})
        address = self.load.prepared.bases[HEARTBEAT.service] + HEARTBEAT.target
        with self.sent("POST", address, place, data=body, headers={"Content-Type": "application/json"}) as response:
            trouble = self.trouble(response, HEARTBEAT)
            if response.status_code == _UNKNOWN and not self.load.plan.workload.nodes:
                response.success()
            elif trouble:
                response.failure(trouble)


Node.tasks = [Node.beat]
