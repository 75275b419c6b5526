"""What a rule would hide: a signature's decision replayed over everything recorded, before it is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from gateway.store import observations
from gateway.store.browse import Wanted, browse
from gateway.store.counts import refusals
from gateway.store.profile import Profile
from reports.beneath import is_beneath, look, uncompared
from reports.explained import Explanations, refusal_signature

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from gateway.core.observation import Rule

_SAMPLES = 200
_NEWEST = "SELECT digest FROM rollups WHERE route = ? GROUP BY digest ORDER BY max(last_seen) DESC LIMIT 1"
_PROFILES = """
SELECT p.content, coalesce((SELECT sum(r.count) FROM rollups r
  WHERE r.route = p.route AND r.digest = p.digest AND r.profile = p.profile AND r.source <> 'exercise'), 0)
  AS observed, coalesce((SELECT sum(q.count) FROM pair_rollups q
  WHERE q.route = p.route AND q.digest = p.digest AND q.profile = p.profile), 0) AS pairs
FROM profiles p WHERE p.route = ? AND p.digest = ?
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another signature: where it is, how often it was seen, and whether nothing explains it."""

    signature: str
    route: str
    what: str
    count: int
    open: bool


@dataclass(frozen=True, slots=True)
class Values:
    """What differs in samples: a place without positions, what the values look like, how often, and an example.

    What lies `beyond` the meaning that the rule names stays open.
    """

    path: str
    legacy: str
    gateway: str
    count: int
    example: tuple[str, str]
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule on a signature would change, under the route's newest digest.

    `observed` hold the signature; `agreeing` of them would begin to count as expected, `still` would stay a mismatch
    because of the open signatures `because`, and `beyond` of these because their values are further apart than
    `meaning` allows. `pairs` would begin to count for parity. `older` were seen under other digests. `values` come
    from `samples` of it; `uncompared` says what is not looked at where it stands, `beneath` are signatures within the
    same place, `elsewhere` the same difference on other routes, which the rule leaves open. For a would-be refusal
    `subjects` are those it locks out.
    """

    signature: str
    route: str
    what: str
    digest: str = ""
    observed: int = 0
    agreeing: int = 0
    still: int = 0
    pairs: int = 0
    older: int = 0
    because: tuple[Neighbour, ...] = ()
    samples: int = 0
    values: tuple[Values, ...] = ()
    uncompared: str = ""
    beneath: tuple[Neighbour, ...] = ()
    elsewhere: tuple[Neighbour, ...] = ()
    subjects: int = 0
    meaning: str = ""
    beyond: int = 0


def preview(
    connection: sqlite3.Connection, signature: str, what: str, rule: Rule, changes: Iterable[str], now: float
) -> Preview:
    """Replay `rule` over the store; `changes` are the ids that the table declares. Nothing is written."""
    known = observations.rules(connection)
    before = Explanations(known, changes := tuple(changes), now)
    after = Explanations({**known, signature: rule}, changes, now)
    seen = observations.signatures(connection)
    own = next((item for item in seen if item.signature == signature), None)
    if own is None:
        return _refusal(connection, signature, what)
    digest = (connection.execute(_NEWEST, [own.route]).fetchone() or [""])[0]
    counted, blocking = _counted(connection, own.route, digest, signature, before, after)
    samples, values = _values(connection, own.route, rule)
    near = {item.signature: Neighbour(item.signature, item.route, _place(item), item.count, _open(item, before))
            for item in seen if item.signature != signature}  # fmt: skip
    return Preview(
        signature=signature,
        route=own.route,
        what=what,
        digest=digest,
        observed=counted["observed"],
        agreeing=counted["agreeing"],
        still=counted["still"],
        pairs=counted["pairs"],
        older=_older(connection, signature, digest),
        meaning=rule.meaning,
        beyond=counted["beyond"],
        because=tuple(near[name] for name in sorted(blocking) if name in near),
        samples=samples,
        values=values,
        uncompared=uncompared(own.location, own.pattern, own.kind),
        beneath=tuple(
            near[item.signature]
            for item in seen
            if (item.route, item.location) == (own.route, own.location) and is_beneath(item.pattern, own.pattern)
        ),
        elsewhere=tuple(
            near[item.signature]
            for item in seen
            if item.route != own.route
            and (item.location, item.pattern, item.kind) == (own.location, own.pattern, own.kind)
        ),
    )


def _counted(
    connection: sqlite3.Connection, route: str, digest: str, signature: str, before: Explanations, after: Explanations
) -> tuple[Counter[str], set[str]]:
    """Counts under a digest, and the signatures that stay open beside it."""
    counts: Counter[str] = Counter()
    blocking: set[str] = set()
    for row in connection.execute(_PROFILES, [route, digest]):
        profile = Profile.from_text(row["content"])
        if not any(name == signature for name, _ in profile.items):
            continue
        counts["observed"] += row["observed"]
        was, becomes = before.verdict(profile), after.verdict(profile)
        if becomes is Verdict.MISMATCH:
            counts["still"] += row["observed"]
            left = {name for name, by in profile.items if not after.by(name, by)}
            counts["beyond"] += row["observed"] if signature in left else 0
            blocking |= left if row["observed"] else set()
        elif was is Verdict.MISMATCH:
            counts["agreeing"] += row["observed"]
            counts["pairs"] += row["pairs"] if becomes is Verdict.EXPECTED else 0
    return counts, blocking - {signature}


def _older(connection: sqlite3.Connection, signature: str, digest: str) -> int:
    query = "SELECT coalesce(sum(observations), 0) FROM sightings WHERE signature = ? AND judged = 1 AND digest <> ?"
    older: int = connection.execute(query, [signature, digest]).fetchone()[0]
    return older


def _values(connection: sqlite3.Connection, route: str, rule: Rule) -> tuple[int, tuple[Values, ...]]:
    found: dict[tuple[str, str, str, bool], Values] = {}
    samples = 0
    for one in islice(browse(connection, Wanted((route,), signature=rule.signature)), _SAMPLES):
        samples += 1
        for item in one.differences:
            if item.signature(route) == rule.signature:
                place = (item.pattern, look(item.legacy), look(item.gateway))
                beyond = not rule.covers(item.alike)
                known = found.get((*place, beyond))
                example = known.example if known else (item.legacy, item.gateway)
                found[*place, beyond] = Values(*place, (known.count if known else 0) + 1, example, beyond)
    return samples, tuple(sorted(found.values(), key=lambda value: (-value.count, value.path)))


def _open(item: observations.Signature, explanations: Explanations) -> bool:
    return not explanations.by(item.signature, item.by)


def _place(item: observations.Signature) -> str:
    return f"{item.location} {item.pattern} {item.kind}".replace("  ", " ")


def _refusal(connection: sqlite3.Connection, signature: str, what: str) -> Preview:
    found = [
        item for item in refusals(connection) if refusal_signature(item.route, item.status, item.reason) == signature
    ]
    return Preview(
        signature=signature,
        route=found[0].route if found else "",
        what=what,
        observed=sum(item.count for item in found),
        subjects=len({item.subject for item in found}),
    )
