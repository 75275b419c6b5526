"""wrk: keep-alive connections that ask as fast as they are answered."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError
from loadtests.bench.installed import program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loadtests.bench.cores import Cores

_MARK = "BENCH "
_SCRIPT = """\
local target = {target}
local tokens = {{ {tokens} }}
local asked, n = {{}}, 0
init = function()
  for i, token in ipairs(tokens) do
    asked[i] = wrk.format("GET", target, {{ ["Host"] = wrk.headers["Host"], ["Accept"] = "application/json",
      ["User-Agent"] = "bench", ["Authorization"] = "Bearer " .. token }})
  end
end
request = function()
  n = n % #asked + 1
  return asked[n]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{mark}{{"requests":%d,"microseconds":%d,"p50":%.0f,"p99":%.0f,"errors":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of wrk saw; times in microseconds, `errors` with every answer that was no 2xx or 3xx."""

    requests: int
    microseconds: int
    p50: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests * 1e6 / self.microseconds if self.microseconds else 0.0


def script(target: str, tokens: Sequence[str]) -> str:
    """The Lua that asks for `target` as each of the token holders in turn and says at the end what came of it."""
    return _SCRIPT.format(target=json.dumps(target), tokens=", ".join(map(json.dumps, tokens)), mark=_MARK)


def load(cores: Cores, base: str, written: Path, *, connections: int, seconds: float) -> Sample:
    """Run wrk with one thread against a base URL; `written` is a file holding `script`.

    Raises:
        UnreachableError: it could not connect.
    """
    # wrk takes whole seconds only; a shorter time is cut by the signal that it ends cleanly on.
    command = cores.on_load(
        "timeout", "--signal=INT", str(seconds), program("wrk") or "wrk", "-t1", f"-c{connections}",
        f"-d{int(seconds) + 1}s", "-s", str(written), base,
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parsed(done.stdout + done.stderr)


def parsed(output: str) -> Sample:
    """What the script printed.

    Raises:
        UnreachableError: it printed nothing; the message shows wrk's own words.
    """
    for line in output.splitlines():
        if line.startswith(_MARK):
            return Sample(**json.loads(line.removeprefix(_MARK)))
    raise UnreachableError(f"wrk gave no result: {output.strip()[-400:] or 'no output'}")
