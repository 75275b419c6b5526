"""What a benchmark ran on: figures of two machines do not compare, and those of one only while it is the same."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

_CPU = Path("/proc/cpuinfo")


def describe() -> dict[str, Any]:
    """Processor, cores, memory in bytes, system and interpreter; `id` stands for all of these and the host's name.

    `load` is the load average of the last minute, which says how quiet the machine was, and is no part of `id`.
    """
    found = {
        "processor": _processor(_CPU.read_text() if _CPU.exists() else ""),
        "cores": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    name = "\n".join([platform.node(), *map(str, found.values())])
    return {"id": hashlib.sha256(name.encode()).hexdigest()[:12], **found, "load": round(os.getloadavg()[0], 2)}


def _processor(text: str) -> str:
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
