from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.apps.certificates import written as certified
from tests.apps.command_line import cutover
from tests.apps.route_tables import GOOD

if TYPE_CHECKING:
    from pathlib import Path


def test_a_good_table_is_summed_up(tmp_path: Path) -> None:
    """Exit code 0, and what it holds."""
    (tmp_path / "cutover.yaml").write_text(GOOD)
    done = cutover(tmp_path, "check")
    unsaid = "names an id and no scope: say whose it is, or who keeps tenants apart"
    warnings = [f"route {name} {unsaid}" for name in ("pools.delete", "logs.socket")]
    assert (done.code, done.err.splitlines()) == (0, [f"cutover.yaml: warning: {line}" for line in warnings])
    assert done.out == (
        "cutover.yaml is fine: platform demo, 2 services, 4 routes (3 exposed, 1 internal), 1 intended changes\n"
    )
    told = json.loads(cutover(tmp_path, "check", "cutover.yaml", "--json").out)
    assert told == {
        "file": "cutover.yaml",
        "ok": True,
        "platform": "demo",
        "services": 2,
        "routes": 4,
        "exposed": 3,
        "internal": 1,
        "changes": 1,
        "warnings": warnings,
        "problems": [],
    }


def test_every_problem_is_printed_with_line_and_mend(tmp_path: Path) -> None:
    """Exit code 3; the lines can be clicked."""
    (tmp_path / "bad.yaml").write_text(GOOD.replace("effect: read", "effect: reed"))
    done = cutover(tmp_path, "check", "bad.yaml")
    assert done.code == 3
    assert [line.split(":")[:2] for line in done.out.splitlines()] == [["bad.yaml", "22"], ["bad.yaml", "38"]]
    assert done.err == "2 problems in bad.yaml\n"


def test_files_that_the_table_names_are_looked_at(tmp_path: Path) -> None:
    """A missing certificate or document is one line where it is named, beside whatever else is wrong."""
    tls = "  public_url: https://gw.example\n  tls:\n    certificate: tls.pem\n    key: tls.key\n"
    text = GOOD.replace("  listen: 127.0.0.1:8800\n", f"  listen: 127.0.0.1:8800\n{tls}")
    text = text.replace("    authorization: strip\n", "    authorization: strip\n    openapi: side.json\n")
    (tmp_path / "cutover.yaml").write_text(text)
    done = cutover(tmp_path, "check")
    assert done.code == 3
    assert [line.partition(" cannot be read")[0] for line in done.out.splitlines()] == [
        "cutover.yaml:7: gateway: tls: certificate tls.pem",
        "cutover.yaml:8: gateway: tls: key tls.key",
        "cutover.yaml:17: service side: openapi side.json",
    ]
    (tmp_path / "cutover.yaml").write_text(text.replace("rate: 5", "rate: x"))
    assert [line.split(":")[1] for line in cutover(tmp_path, "check").out.splitlines()] == ["7", "8", "17", "21"]
    certified(tmp_path)
    (tmp_path / "cutover.yaml").write_text(text)
    (tmp_path / "side.json").write_text('{"openapi": "3.1.0", "paths": {}}')
    assert cutover(tmp_path, "check").code == 0


def test_problems_are_json_when_asked(tmp_path: Path) -> None:
    """Line, message and mend apart; exit code 3 too."""
    done = cutover(tmp_path, "check", "--json")
    assert done.code == 3
    told = json.loads(done.out)
    assert told["ok"] is False
    assert told["problems"][0]["message"] == "no such file"
    assert "cutover init" in told["problems"][0]["mend"]


def test_the_shadows_certificate_is_read(tmp_path: Path) -> None:
    """Files that exist and fit are fine; others are one line that names them, with exit code 3."""
    tls = certified(tmp_path)
    section = f"shadow:\n  tls: {{certificate: {tls.certificate}, key: {tls.key}}}\n"
    (tmp_path / "cutover.yaml").write_text(GOOD + section)
    assert cutover(tmp_path, "check").code == 0
    (tmp_path / "tls.key").write_text("nonsense")
    done = cutover(tmp_path, "check")
    assert done.code == 3
    (line,) = done.out.splitlines()
    assert line.startswith(f"cutover.yaml: shadow: tls: {tls.certificate} and {tls.key} cannot be used: ")
    assert line.endswith("; write a PEM certificate chain and its key")


def test_a_gateway_that_is_not_ours_is_told_of(tmp_path: Path) -> None:
    """What cannot be compared beside it stands in a warning; the table is fine."""
    (tmp_path / "cutover.yaml").write_text(GOOD + "shadow: {candidate: http://gw.example}\n")
    done = cutover(tmp_path, "check")
    assert done.code == 0
    assert done.err.splitlines()[-1] == (
        "cutover.yaml: warning: shadow: candidate http://gw.example is not our gateway: writes and metered routes are"
        " not copied, requests upstream not compared"
    )
