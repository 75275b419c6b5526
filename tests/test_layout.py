"""The repository's shape, enforced."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "shadow", "migrate", "reports", "loadtests")
MODULES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
VAGUE = re.compile(r"(^|_)(util|helper|manager|common|misc|service|base)s?(_|$)", re.IGNORECASE)
TOP = {"gateway", "migrate", "shadow", "loadtests", "reports", "tests", "docs"}
MADE_BY_DEMO = "cutover-demo"
LIMIT = 300


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_is_short(module: Path) -> None:
    """No module is longer than 300 lines."""
    assert len((ROOT / module).read_text().splitlines()) <= LIMIT


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_name_says_what_it_does(module: Path) -> None:
    """No module is named after a role instead of a thing."""
    assert not VAGUE.search(module.stem)


@pytest.mark.parametrize("module", [m for m in MODULES if m.name != "__init__.py"], ids=str)
def test_module_has_its_test_file(module: Path) -> None:
    """gateway/limit/token_bucket.py is tested by tests/gateway/limit/test_token_bucket.py."""
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


def test_top_level_is_the_designed_one() -> None:
    """The folders that the design names stand at the top, and no other."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert {name for name in folders if not name.endswith(".egg-info")} - {MADE_BY_DEMO} == TOP
    assert (ROOT / ".ci" / "run").is_file()
