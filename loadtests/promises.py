"""Which objectives a run is held against: the table's, and what the command line says instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.config.objectives import bound
from gateway.config.problem import Wrong
from gateway.core.errors import UsageError
from gateway.core.nearest import nearest
from gateway.core.objectives import EVERY, Aim, ClassObjectives, promised
from gateway.core.routes import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.objectives import Promised
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable


_SPELLED = {"errors": "max-error-rate", "ratio": "max-ratio", "added": "max-added"}


def promises(
    table: RouteTable, routes: Iterable[Route], overrides: Mapping[str, ClassObjectives]
) -> dict[str, Promised]:
    """What holds for each of these routes, by id."""
    return {route.id: promised(route, table.load.classes, overrides) for route in routes}


def override_options(table: RouteTable, values: Iterable[str], **every: str | None) -> dict[str, ClassObjectives]:
    """`--objective [CLASS.]AIM=BOUND` and the options of one aim, which speak of every route, as classes.

    Raises:
        UsageError: a class, an aim or a bound is not known.
    """
    bounds: dict[str, dict[Aim, float | None]] = {}
    for aim, text in every.items():
        if text is not None:
            bounds.setdefault(EVERY, {})[Aim(aim)] = _bound(f"{_option(aim)} {text}", Aim(aim), text)
    for value in values:
        named, _, text = value.partition("=")
        name, _, aim = named.rpartition(".")
        known = {"default", *(str(effect) for effect in Effect), *table.limits}
        if name and name not in known:
            raise UsageError(f"--objective {value}: {name} is no class; {_meant(name, known)}")
        if aim not in set(Aim):
            raise UsageError(f"--objective {value}: {aim or 'nothing'} is no aim; {_meant(aim, Aim)}")
        bounds.setdefault(name or EVERY, {})[Aim(aim)] = _bound(f"--objective {value}", Aim(aim), text)
    return {name: ClassObjectives(said) for name, said in bounds.items()}


def to_json(overrides: Mapping[str, ClassObjectives]) -> dict[str, Any]:
    """Bounds by class and aim; `from_json` reads them back."""
    return {name: {str(aim): value for aim, value in said.bounds.items()} for name, said in overrides.items()}


def from_json(value: Mapping[str, Mapping[str, float | None]]) -> dict[str, ClassObjectives]:
    """The inverse of `to_json`."""
    return {name: ClassObjectives({Aim(aim): said for aim, said in found.items()}) for name, found in value.items()}


def _bound(option: str, aim: Aim, text: str) -> float | None:
    try:
        return bound(aim)(text)
    except Wrong as wrong:
        raise UsageError(f"{option}: {wrong.message}; {wrong.mend}") from None


def _option(aim: str) -> str:
    """How the option that bounds this aim is spelled."""
    return f"--{_SPELLED.get(aim, aim).replace('_', '-')}"


def _meant(word: str, known: Iterable[str]) -> str:
    close = nearest(word, known) if word else None
    return f"write {close}" if close else f"known: {', '.join(sorted(known))}"
