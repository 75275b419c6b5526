from __future__ import annotations

import json

import pytest
import typer

from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from migrate.commands.moved import tell
from migrate.rollout.move import Acknowledgement, Move, Moved

MOVES = (Move(Flag("a"), Flag("a", Stage.SHADOW)),)
QUICK = Acknowledgement("gateway", 7, "here", "127.0.0.1:1", 21.4)
SLOW = Acknowledgement("shadow", 8, "here", "127.0.0.1:2", None)


def test_a_move_is_told_with_who_took_it_over(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for the move and one for each process."""
    tell(Moved("promote", MOVES, 3, (QUICK,)))
    assert capsys.readouterr().out == ("a: legacy → shadow   (revision 3)\n  gateway 127.0.0.1:1 (pid 7) in 21 ms\n")


def test_a_silent_process_ends_with_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON too."""
    with pytest.raises(typer.Exit) as end:
        tell(Moved("promote", MOVES, 3, (QUICK, SLOW)), as_json=True)
    assert end.value.exit_code == 4
    assert [item["milliseconds"] for item in json.loads(capsys.readouterr().out)["acknowledged"]] == [21.4, None]


def test_what_was_overridden_is_listed_or_summed(capsys: pytest.CaptureFixture[str]) -> None:
    """A few findings have a line each; those of a whole platform are summed by check."""
    moved = Moved("promote", MOVES, 3, (QUICK,))
    tell(moved, overridden={"a": ["parity: 12 more", "coverage: none"]})
    assert "  overridden: a: parity: 12 more\n  overridden: a: coverage: none\n" in capsys.readouterr().out
    tell(moved, overridden={f"r{number}": ["parity: 12 more"] for number in range(88)} | {"a": ["coverage: none"]})
    out = capsys.readouterr().out
    assert "  overridden: parity on 88 routes\n  overridden: coverage on 1 routes\n" in out


def test_many_moves_are_summed_by_family_and_change(capsys: pytest.CaptureFixture[str]) -> None:
    """More than twenty are a line for each family and change, in order; --verbose and JSON have them all."""
    named = [f"{group}.r{number}" for group in ("pools", "keys") for number in range(10)]
    moves = [Move(Flag(route), Flag(route, Stage.SHADOW)) for route in named]
    tell(Moved("promote", tuple(moves), 3, (QUICK,)))
    assert capsys.readouterr().out.count("legacy → shadow") == 20
    moves += [Move(Flag("keys.x", Stage.CANARY, 5.0), Flag("keys.x", Stage.GATEWAY))]
    moved = Moved("promote", tuple(moves), 3, (QUICK,))
    tell(moved)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "pools.*: 10 routes legacy → shadow   (revision 3)",
        "keys.*: 10 routes legacy → shadow   (revision 3)",
        "keys.x: canary 5 % → gateway   (revision 3)",
    ]
    tell(moved, verbose=True)
    assert capsys.readouterr().out.count("(revision 3)") == 21
    tell(moved, as_json=True)
    assert len(json.loads(capsys.readouterr().out)["moves"]) == 21


def test_a_process_with_many_addresses_is_one_short_line() -> None:
    """The first address is named and the others are counted; the document has them all."""
    shadow = Acknowledgement("shadow", 9, "here", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", 6.0)
    assert str(shadow) == "shadow 127.0.0.1:1 and 2 more (pid 9) in 6 ms"
