"""`make proof`: runs the slow proofs and writes docs/proof.md, one table."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: what it promises, where it stands, how it ended, what it measured."""

    promise: str
    where: str
    result: str
    seconds: float
    measured: str


PASSES = (("(proof or property) and not measured", "--numprocesses=2", "--dist=loadfile"), ("measured",))
"""What is selected each time, and how it is run: what measures has the machine for itself."""
EXAMPLES = "300"
"""How many examples a property is tried with."""


def main() -> int:
    """Run the proofs; pytest's worst exit code, with 5 (nothing collected) counted as a failure."""
    code, proofs = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for number, (selected, *how) in enumerate(PASSES):
            report = Path(folder) / f"proof-{number}.xml"
            one = _run(selected, how, report)
            code = max(code, one)
            if not report.exists():
                return one
            proofs += [_proof(case) for case in ET.parse(report).iter("testcase")]
    (ROOT / "docs" / "proof.md").write_text(_page(proofs))
    return code


def _run(selected: str, how: list[str], report: Path) -> int:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        selected,
        *how,
        "-o",
        "junit_family=xunit1",
        f"--junitxml={report}",
    ]
    environment = {**os.environ, "CUTOVER_TEST_EXAMPLES": EXAMPLES}
    return subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env=environment, check=False).returncode


def _proof(case: ET.Element) -> Proof:
    properties = {item.get("name", ""): item.get("value", "") for item in case.iter("property")}
    failed = case.find("failure") is not None or case.find("error") is not None
    skipped = case.find("skipped")
    result = "**failed**" if failed else "passed"
    if skipped is not None:
        result = "skipped: " + skipped.get("message", "")
    measured = "; ".join(f"{name}: {value}" for name, value in properties.items() if name != "promise")
    where = f"{case.get('file', '')}::{case.get('name', '')}"
    return Proof(properties.get("promise", ""), where, result, float(case.get("time", "0")), measured)


def _page(proofs: list[Proof]) -> str:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    head = [
        "# Proof",
        "",
        f"What `make proof` ran last, and what it measured ({machine}).",
        "",
        "| promise | test | result | seconds | measured |",
        "|---|---|---|---:|---|",
    ]
    rows = [
        f"| {_cell(p.promise)} | `{_cell(p.where)}` | {_cell(p.result)} | {p.seconds:.1f} | {_cell(p.measured)} |"
        for p in sorted(proofs, key=lambda proof: proof.where)
    ]
    return "\n".join([*head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    raise SystemExit(main())
