from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shadow.unused import UNUSED, dismiss

# In a process of its own: to import mitmproxy's command line warns of what its dependencies will drop.
_SHOW = """
import asyncio, json
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster
from mitmproxy import http
from mitmproxy.proxy.layers.http import HttpRequestHook
from mitmproxy.test import tflow
from shadow.unused import lighten

class Asked:
    def __init__(self):
        self.events = []
    def request(self, flow):
        self.events.append("request")
    def update(self, flows):
        self.events.append("update")

async def main():
    master = DumpMaster(Options(), loop=asyncio.get_running_loop(), with_termlog=False)
    seen = [[type(one).__module__.rpartition(".")[2] for one in master.addons.chain]]
    lighten(master.addons, http.MessageData)
    seen.append([type(one).__module__.rpartition(".")[2] for one in master.addons.chain])
    master.addons.add(asked := Asked())
    await master.addons.handle_lifecycle(HttpRequestHook(tflow.tflow()))
    http.RequestData(*[None] * 12)
    print(json.dumps([*seen, asked.events]))

asyncio.run(main())
"""


@pytest.mark.proof
def test_only_what_serves_is_asked() -> None:
    """Of mitmdump's own addons those stay that connect, find layers, run scripts, end TLS and watch for errors."""
    done = subprocess.run([sys.executable, "-c", _SHOW], capture_output=True, text=True, check=True)
    before, after, _ = json.loads(done.stdout)
    assert set(UNUSED) <= set(before), "a name that is no addon of this mitmproxy"
    assert sorted(after) == [
        "clientplayback",
        "core",
        "disable_h2c",
        "errorcheck",
        "next_layer",
        "proxyserver",
        "script",
        "tlsconfig",
    ]


@pytest.mark.proof
def test_an_event_is_told_once_and_no_type_is_checked() -> None:
    """What mitmproxy does for windows and for its own developers is left out."""
    done = subprocess.run([sys.executable, "-c", _SHOW], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[2] == ["request"]


class Chain:
    """An addon manager with one addon, whose module is this one."""

    def __init__(self) -> None:
        self.chain: list[Any] = [self]

    def remove(self, addon: Any) -> None:
        """Take it out."""
        self.chain.remove(addon)


def test_what_is_not_there_is_passed_over() -> None:
    """An addon is known by the last part of its module's name; a name that none has changes nothing."""
    chain = Chain()
    dismiss(chain, ("unused", "nobody"))
    assert chain.chain == [chain]
    dismiss(chain, ("test_unused", "nobody"))
    assert chain.chain == []
    dismiss(chain, ("test_unused", "nobody"))
    assert chain.chain == []
