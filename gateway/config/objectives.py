"""The `loadtest:` section."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, filled, rate, share, word
from gateway.core.nearest import nearest
from gateway.core.objectives import DEFAULT, OF_STREAMS, Aim, ClassObjectives, LoadPolicy, promised
from gateway.core.routes import Effect, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.config.section import Section
    from gateway.core.routes import Route

_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m)")
_OFF = frozenset({"off", "false"})


def read_load(section: Section, limits: Iterable[str], routes: Iterable[Route]) -> LoadPolicy:
    """What is promised under load; classes are named by the table's limit classes and by effects."""
    routes = tuple(routes)
    sections = dict(section.section("objectives").each("loadtest: objectives"))
    classes = {name: _read_class(each) for name, each in sections.items()}
    known = (DEFAULT, *(str(effect) for effect in Effect), *limits)
    for name, each in sections.items():
        if _is_known(name, each, known):
            _check_class(name, each, classes, routes)
    exempt = tuple(glob.value for glob in section.values("exempt", filled) or ())
    _check_exempt(section, exempt, routes)
    policy = LoadPolicy(classes, section.read("capacity", arrivals, 0.0), exempt)
    section.close()
    return policy


def bound(aim: Aim) -> Callable[[str], float | None]:
    """A reader of an aim's bound; `off` (`false` after tools that rewrite YAML) takes an inherited one away."""
    reader: Callable[[str], float]
    match aim:
        case Aim.ERRORS:
            reader = share
        case Aim.RATIO:
            reader = rate
        case _:
            reader = duration
    return lambda text: None if text.lower() in _OFF else reader(text)


def arrivals(text: str) -> float:
    """Arrivals a second from `50/s` or `300/m`."""
    found = _RATE.fullmatch(text)
    value = float(found[1]) / (60 if found[2] == "m" else 1) if found else 0.0
    if not value:
        example = f"{text}/s" if re.fullmatch(r"\d*[1-9]\d*", text) else "50/s"
        raise Wrong(f"{text!r:.40} is no rate", f"write {example} (units: /s, /m)")
    return value


def _read_class(section: Section) -> ClassObjectives:
    bounds = {aim: section.read(aim, bound(aim), None) for aim in Aim if section.has(aim)}
    required = section.values("required", word(*Aim))
    section.close()
    return ClassObjectives(bounds, None if required is None else frozenset(Aim(item.value) for item in required))


def _is_known(name: str, section: Section, known: tuple[str, ...]) -> bool:
    if name in known:
        return True
    meant = nearest(name, known)
    choices = ", ".join(sorted(set(known)))
    mend = f"write {meant}" if meant else f"known here: {choices}"
    section.wrong("", "is neither default, nor an effect, nor a limit class", mend)
    return False


def _check_class(
    name: str, section: Section, classes: Mapping[str, ClassObjectives], routes: tuple[Route, ...]
) -> None:
    of_class = [route for route in routes if name in {DEFAULT, str(route.effect), route.limit}]
    if not of_class:
        return
    for aim in sorted(OF_STREAMS & classes[name].bounds.keys()):
        if name != DEFAULT and all(route.kind is not Kind.SSE for route in of_class):
            section.wrong(aim, f"{aim} is promised of streams, and no route of {name} is one", "remove it")
    bounded = {aim for route in of_class for aim in promised(route, classes).bounds}
    for aim in sorted((classes[name].required or frozenset()) - bounded):
        section.wrong("required", f"{aim} is required, and nothing bounds it", f"write a bound beside it: `{aim}: …`")


def _check_exempt(section: Section, globs: tuple[str, ...], routes: tuple[Route, ...]) -> None:
    ids = [route.id for route in routes]
    for glob in globs:
        if ids and not any(fnmatchcase(route, glob) for route in ids):
            meant = nearest(glob, ids)
            mend = f"write {meant}" if meant else "write an id or a glob like auth.*"
            section.wrong("exempt", f"{glob} matches no route", mend)
