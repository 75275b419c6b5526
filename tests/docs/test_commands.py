"""docs/commands.md and the command line name the same commands and options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from migrate.cli import application

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
EVERYWHERE = {"--config", "--store", "--version", "--help"}


def _commands() -> dict[str, set[str]]:
    """Each command in full words, and its long options."""
    found: dict[str, set[str]] = {}

    def walk(words: str, command: object) -> None:
        if members := getattr(command, "commands", None):
            for name, member in members.items():
                walk(f"{words} {name}", member)
            return
        params = getattr(command, "params", [])
        found[words] = {name for param in params for name in param.opts if name.startswith("--")}

    walk("cutover", get_command(application()))
    return found


def _sections() -> dict[str, str]:
    parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {title: text for title, _, text in (part.partition("\n") for part in parts)}


COMMANDS = _commands()


def test_one_section_for_each_command() -> None:
    """The page has a section for each command, in the order of the help, and none for what does not exist."""
    assert [title for title in _sections() if title.startswith("cutover ")] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_are_those_of_the_command(command: str) -> None:
    """A section names every option of its command and no other; those of all commands stand at the top."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", _sections()[command]))
    assert named - EVERYWHERE == COMMANDS[command] - EVERYWHERE


def test_the_shared_options_are_explained_once() -> None:
    """The first section explains the table, the store and the audit trail's options with their variables."""
    shared = _sections()["Shared by all"]
    for word in ("--config", "CUTOVER_CONFIG", "--store", "CUTOVER_STORE", "--json", "--reason", "--by"):
        assert f"`{word}" in shared


def test_links_lead_to_pages() -> None:
    """Every page that is linked to exists."""
    for target in re.findall(r"\]\(([\w-]+\.md)", PAGE.read_text()):
        assert (PAGE.parent / target).is_file(), target


def test_the_help_of_every_command_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of a help text is wider than a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    for words in COMMANDS:
        command = get_command(application())
        context = typer.Context(command, info_name="cutover")
        for name in words.split()[1:]:
            command = command.get_command(context, name)
            context = typer.Context(command, info_name=name, parent=context)
        assert max(map(len, command.get_help(context).splitlines())) <= 80, words
