from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from migrate.demo.stack import Stack
from migrate.demo.story import ActFailedError, Story, indented

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


def test_commands_are_shown_with_their_output(tmp_path: Path) -> None:
    """What a user would type and what it prints stand in the story; a wrong exit code stops it."""
    with Stack(tmp_path) as stack:
        out = io.StringIO()
        story = Story(stack, Console(file=out, width=100))
        story.act("First")
        story.say("something")
        story.run("check")
        story.run("routes", head=2)
        assert [row["route"] for row in story.json("routes", "auth.me")] == ["auth.me"]
        with pytest.raises(ActFailedError, match="cutover promote nowhere"):
            story.run("promote", "nowhere", "--reason", "x")
        with pytest.raises(ActFailedError, match="--json said"):
            story.json("check", "absent.yaml", "--nonsense")
    text = out.getvalue()
    assert "1. First" in text
    assert "$ cutover check" in text
    assert "is fine" in text
    assert "more lines" in text


def test_no_line_of_a_command_is_cut() -> None:
    """A long line goes on below with more indent; the rule of a table fits without."""
    line = "  note: " + "deployments.get, " * 9
    parts = indented(line, 60)
    assert all(len(part) <= 60 for part in parts)
    assert " ".join(part.strip() for part in parts) == line.strip()
    assert parts[1].startswith(" " * 8 + "d")
    assert indented(" " + "─" * 80, 40) == [" " * 5 + "─" * 35]
    assert indented("", 40) == [""]


def test_a_session_fills_the_board(tmp_path: Path) -> None:
    """A session through the shadow ends with the board, and no copy is pending."""
    with Stack(tmp_path) as stack:
        out = io.StringIO()
        story = Story(stack, Console(file=out, width=120))
        stack.start_gateway()
        stack.start_shadow()
        story.run("promote", "*", "--reason", "compare", head=1)
        story.play_session("one session")
        story.close()
        assert story.totp_secret
    text = out.getvalue()
    assert "one session: 8" in text
    assert "deployments.*" in text
    for line in text.splitlines():
        if "█" in line:
            assert line.rstrip().endswith("100.0 %"), line
