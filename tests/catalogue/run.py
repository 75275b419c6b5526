"""Every row of the catalogue, run."""

from __future__ import annotations

from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from tests.catalogue import answers, heads, probes, rights, sends, sockets, streams, writes, wrong_rows
from tests.catalogue.defect import REPLAY, Defect, Noise
from tests.catalogue.noise import NOISE
from tests.catalogue.rig import platform, stand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.catalogue.probes import Open
    from tests.catalogue.rig import Stand
    from tests.catalogue.sockets import Played
    from tests.catalogue.wrong_rows import Row

COPIED: tuple[Defect, ...] = (
    *answers.DEFECTS,
    *heads.DEFECTS,
    *streams.DEFECTS,
    *sends.DEFECTS,
    *writes.DEFECTS,
    *rights.DEFECTS,
)
"""Defects that a copy shows."""


@dataclass(frozen=True)
class Result:
    """One row: what was looked for with which instrument, and what was found; `ok` when that is the same.

    `noise` marks what must not be found.
    """

    name: str
    what: str
    instrument: str
    route: str
    found: tuple[str, ...]
    ok: bool
    noise: bool = False


async def everything() -> AsyncIterator[Result]:
    """All rows, one after the other; what a gateway under test says on stderr is held back."""
    with platform() as started, redirect_stderr(StringIO()):
        async with stand(started) as at:
            for row in wrong_rows.rows():
                yield await wrong_row(row)
            for defect in COPIED:
                yield await copied(at, defect)
            for played in sockets.DEFECTS:
                yield await replayed(played)
            for open_ in probes.DEFECTS:
                yield await probed(open_)
            for noise in NOISE:
                yield await silent(at, noise)


async def copied(at: Stand, defect: Defect) -> Result:
    """One defect, found in copies. Everything that is open must have been named, and nothing else."""
    found: set[str] = set()
    verdicts: list[Verdict] = []
    route = ""
    async with at.gateway(defect.parts(), defect.change) as rig:
        if defect.before:
            assert (await rig.copy(defect.before)).open == [], defect.name
        for _ in range(defect.times):
            copy = await rig.copy(defect.asked)
            assert copy.done.observation is not None, defect.name
            route = copy.done.observation.route
            verdicts.append(copy.done.observation.verdict)
            found |= {copy.signature(one) for one in copy.open}
            if copy.done.refusal:
                found.add(f"{copy.done.refusal.status} {copy.done.refusal.reason}")
    ok = found == set(defect.found) and verdicts[-1] is Verdict.MISMATCH
    return Result(defect.name, defect.what, defect.instrument, route, tuple(sorted(found)), ok)


async def replayed(defect: Played) -> Result:
    """One defect, found by a closed replay."""
    found = await sockets.open_places(defect.factory(), socket=defect.socket)
    route = "deployments.log-socket" if defect.socket else "notes.*"
    return Result(defect.name, defect.what, REPLAY, route, tuple(sorted(found)), found == set(defect.found))


async def probed(defect: Open) -> Result:
    """One defect, found by a probe that passes without it."""
    place = await probes.failed_at(defect)
    ok = place == defect.place and not await probes.failed_at(defect, right=True)
    found = (place,) if place else ()
    return Result(defect.name, defect.what, f"probe: {defect.probe}", defect.route, found, ok)


async def wrong_row(row: Row) -> Result:
    """One wrong row of the platform's own gateway."""
    found = await wrong_rows.found(row)
    wanted = f"{row.route} {row.place}"
    instrument = f"{REPLAY}: {row.instrument}" if row.kind != "probe" else row.instrument
    shown = (row.place,) if wanted in found else tuple(sorted(found))
    return Result(row.fault, wrong_rows.what(row), instrument, row.route, shown, wanted in found)


async def silent(at: Stand, noise: Noise) -> Result:
    """One gateway or service that is right: its copy raises nothing."""
    async with at.gateway(noise.parts()) as rig:
        copy = await rig.copy(noise.asked)
    observed = copy.done.observation
    assert observed is not None, noise.name
    found = tuple(sorted(copy.signature(one) for one in copy.open)) if observed.verdict is Verdict.MISMATCH else ()
    ok = observed.verdict == noise.verdict
    return Result(noise.name, noise.what, str(observed.verdict), observed.route, found, ok, noise=True)
