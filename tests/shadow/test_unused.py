from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from shadow.unused import UNUSED, dismiss

# In a process of its own: to import mitmproxy's command line warns of what its dependencies will drop.
_SHOW = """
import asyncio, json
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster
from shadow.unused import dismiss

async def main():
    master = DumpMaster(Options(), loop=asyncio.get_running_loop(), with_termlog=False)
    seen = [[type(one).__module__.rpartition(".")[2] for one in master.addons.chain]]
    dismiss(master.addons)
    print(json.dumps([*seen, [type(one).__module__.rpartition(".")[2] for one in master.addons.chain]]))

asyncio.run(main())
"""


def test_only_what_serves_is_asked() -> None:
    """Of mitmdump's own addons those stay that connect, find layers, run scripts, end TLS and watch for errors."""
    done = subprocess.run([sys.executable, "-c", _SHOW], capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
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
