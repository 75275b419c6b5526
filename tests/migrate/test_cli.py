from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer

from gateway import __version__
from gateway.core.errors import UnreachableError
from migrate import cli
from migrate.presets.write import write
from tests.apps.command_line import cutover

ROOT = Path(__file__).parents[2]
FIXED = "init check demo gateway shadow up routes promote rollback history replay diffs accept reject tolerate report"


def test_the_fixed_commands_are_there(tmp_path: Path) -> None:
    """Every command has a line in the help."""
    done = cutover(tmp_path, "--help")
    assert done.code == 0
    for name in [*FIXED.split(), "loadtest", "ports"]:
        assert f"\n  {name} " in done.out


def test_every_command_explains_itself(tmp_path: Path) -> None:
    """--help works for each, groups too."""
    app = typer.main.get_command(cli.application())
    for name, command in app.commands.items():  # type: ignore[attr-defined]
        assert command.help, name
        assert cutover(tmp_path, name, "--help").code == 0
        for inner, part in getattr(command, "commands", {}).items():
            assert part.help, f"{name} {inner}"


def test_the_version_is_printed(tmp_path: Path) -> None:
    """And nothing else."""
    assert cutover(tmp_path, "--version").out == f"cutover {__version__}\n"


def test_every_module_of_commands_is_one() -> None:
    """What stands in the folder with a function of its name or a group is on the command line, and nothing else."""
    found = set()
    for path in (Path(cli.__file__).parent / "commands").glob("*.py"):
        text = path.read_text()
        if f"\ndef {path.stem}(" in text or "\napp = typer.Typer(" in text:
            found.add(path.stem)
    assert found == set(cli.COMMANDS)


def test_one_command_imports_no_other() -> None:
    """Whoever asks for the open differences does not wait for the gateway's modules."""
    asked = """
import sys
import migrate.cli as cli
sys.argv[1:] = ["diffs", "--help"]
try:
    cli.main()
finally:
    print(sorted(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "'migrate.commands.diffs'" in done.stdout
    assert "'migrate.commands.gateway'" not in done.stdout
    assert "'gateway.app'" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["promote"], ["promote", "a"], ["routes", "--wrong"], ["promote", "a", "--to", "x"]],
)
def test_a_wrong_command_line_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    """Without a traceback."""
    done = cutover(tmp_path, *arguments)
    assert done.code == 2
    assert "Traceback" not in done.err


def _failing(raised: BaseException, name: str) -> ModuleType:
    def fail() -> None:
        raise raised

    module = ModuleType(f"migrate.commands.{name}")
    setattr(module, name, fail)
    return module


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that fail."""
    failing = {"unreachable": UnreachableError("nobody at :1; start it"), "broken": RuntimeError("a fault")}
    for name, raised in failing.items():
        monkeypatch.setitem(sys.modules, f"migrate.commands.{name}", _failing(raised, name))
    monkeypatch.setattr(cli, "COMMANDS", (*cli.COMMANDS, *failing))


@pytest.mark.usefixtures("registered")
def test_an_error_is_one_line_and_its_exit_code(tmp_path: Path) -> None:
    """The boundary maps the tree once."""
    done = cutover(tmp_path, "unreachable")
    assert (done.code, done.out, done.err) == (4, "", "cutover: nobody at :1; start it\n")


@pytest.mark.usefixtures("registered")
def test_a_fault_of_our_own_goes_to_a_file(tmp_path: Path) -> None:
    """The user gets one line that names it; the traceback is in it."""
    done = cutover(tmp_path, "broken")
    assert done.code == 70
    assert "Traceback" not in done.err
    report = Path(done.err.strip().rpartition(" ")[2])
    assert "RuntimeError: a fault" in report.read_text()
    report.unlink()


@pytest.mark.proof
def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    """`cutover … | head` prints nothing of its own."""
    command = f"{sys.executable} -m migrate routes --json --config {ROOT}/migrate/presets/inferia.yaml | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (done.stdout, done.stderr) == ("[", "")
    assert not (tmp_path / ".cutover").exists()


@pytest.mark.proof
def test_a_locale_without_unicode_still_gets_its_answer(tmp_path: Path) -> None:
    """What cannot be written there becomes a question mark, and the exit code stays."""
    write(tmp_path / "cutover.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "routes", "pools.*"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"? at 95 %" in done.stdout
