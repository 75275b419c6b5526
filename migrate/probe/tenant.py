"""Whether a caller can act for an organisation that is not its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Where
from migrate.probe.refusal import other_status
from migrate.probe.result import NotAsked, ProbeResult, Wrong, judged
from migrate.probe.sample import sample, with_headers
from migrate.probe.setting import LACKS, credential, is_dry_run, lacks_permission, lenient, status_of

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "wrong tenant"
_FORBIDDEN = {403}


async def tenant(setting: Setting, route: Route) -> ProbeResult | NotAsked:
    """Dry runs for another organisation, for none and for two; and for the caller's own, which must go through."""
    caller, known = credential(setting, route), setting.credentials
    if not caller or not known.organisation:
        return NotAsked(NAME, route.id, "set CUTOVER_PROBE_TOKEN to a token that names an organisation")
    own, other = known.organisation, known.other_organisation
    # A gateway that refuses everybody would pass all that follows.
    request = with_headers(sample(route, (own,), subject=known.subject), *caller)
    let_in = await setting.dry_run(route, request, mode=lenient(route))
    if lacks_permission(let_in):
        return NotAsked(NAME, route.id, LACKS)
    ways: list[tuple[str, tuple[str, ...]]] = [("another organisation", (other,))]
    if all(place.where is not Where.PATH for place in route.scope):
        ways += [("no organisation", ()), ("own, then another", (own, other)), ("another, then own", (other, own))]
    wrongs: list[Wrong | None] = []
    for how, organisations in ways:
        answer = await setting.dry_run(
            route, with_headers(sample(route, organisations, subject=known.subject), *caller)
        )
        wrongs.append(other_status(answer, _FORBIDDEN, how))
    if known.foreign:
        theirs = ("Authorization", f"Bearer {known.foreign}")
        answer = await setting.dry_run(route, with_headers(sample(route, (own,), subject=known.subject), theirs))
        wrongs.append(other_status(answer, _FORBIDDEN, "a token of another organisation"))
    wrongs.append(
        None if is_dry_run(let_in) else Wrong("status", "200, a dry run", status_of(let_in), "own organisation")
    )
    return judged(NAME, route.id, "403 for every organisation but the caller's own", wrongs)
