"""Reports as JSON documents; the schemas are described in docs/reports.md."""

from __future__ import annotations

import hashlib
import json
import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.core.noise import Noise
    from gateway.core.observation import Observation
    from reports.diff_report import DiffReport, RouteDiffs, SignatureLine
    from reports.nouns import Exercise, OpenRefusal, RouteEvidence
    from reports.readiness_report import ReadinessReport, RouteReadiness

DIFFS = "cutover/diffs/1"
READINESS = "cutover/readiness/1"
OBSERVATIONS = "cutover/observations/1"

Document = dict[str, Any]


def diffs(report: DiffReport) -> Document:
    """The diff report."""
    return sealed(
        DIFFS,
        report.at,
        {
            "version": report.version,
            "platform": report.platform,
            "open": report.open,
            "explained": report.explained,
            "compared": report.compared,
            "since": iso(report.since) if report.since is not None else None,
            "until": iso(report.until) if report.until is not None else None,
            "buckets": dict(report.buckets),
            "routes": [_route_diffs(route) for route in report.routes],
        },
    )


def readiness(report: ReadinessReport) -> Document:
    """The readiness report."""
    return sealed(
        READINESS,
        report.at,
        {
            "version": report.version,
            "platform": report.platform,
            "ready": report.ready,
            "targets": asdict(report.targets),
            "routes": [_route_readiness(route) for route in report.routes],
        },
    )


def samples(found: Iterable[Observation], at: float) -> Iterator[str]:
    """Single observations, redacted as stored, as pieces of the document's text: one is in memory at a time."""
    generated = json.dumps(iso(at))
    # Piece by piece what `digest` reads as a whole.
    running = hashlib.sha256(f'{{"generated":{generated},"observations":['.encode())
    yield f'{{\n  "schema": "{OBSERVATIONS}",\n  "generated": {generated},\n  "observations": ['
    between = ""
    for item in found:
        value = asdict(item)
        running.update(between.encode() + _canonical(value))
        yield f"{between}\n{textwrap.indent(text(value), '    ')}"
        between = ","
    running.update(f'],"schema":"{OBSERVATIONS}"}}'.encode())
    yield "\n  " * bool(between) + f'],\n  "digest": "sha256:{running.hexdigest()}"\n}}'


def sealed(schema: str, at: float, content: Document) -> Document:
    """The content with its schema and moment, under a digest of all of it."""
    document = {"schema": schema, "generated": iso(at), **content}
    return {**document, "digest": digest(document)}


def digest(document: Document) -> str:
    """SHA-256 over the document without its `digest`: sorted keys, no spaces, ASCII escapes."""
    content = {key: value for key, value in document.items() if key != "digest"}
    return "sha256:" + hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(value: Document) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def text(document: Document) -> str:
    """The document for people and programs: indented, ASCII only, so that no recorded byte breaks a terminal."""
    return json.dumps(document, indent=2)


def iso(at: float) -> str | None:
    """A moment in ISO 8601, UTC, to the millisecond; None for never."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") if at else None


def _known(seen: RouteEvidence, bound: float) -> Document:
    return {
        "route": seen.route,
        "stage": seen.flag.stage,
        "percent": seen.flag.percent,
        "route_digest": seen.digest,
        "observed": asdict(seen.observed),
        "pairs": asdict(seen.pairs),
        "exercised": asdict(seen.exercised),
        "exercises": [_exercise(one) for one in seen.exercises],
        "stale": seen.stale,
        "match_rate_bound": bound,
    }


def _exercise(one: Exercise) -> Document:
    return {
        "shape": one.shape,
        "verdicts": asdict(one.verdicts),
        "first_seen": iso(one.first_seen),
        "last_seen": iso(one.last_seen),
    }


def _route_diffs(route: RouteDiffs) -> Document:
    return {
        **_known(route.evidence, route.bound),
        "signatures": [_signature(line) for line in route.lines],
        "would_refuse": [_refusal(item) for item in route.evidence.refusals],
    }


def _signature(line: SignatureLine) -> Document:
    seen, rule = line.seen, line.rule
    return {
        "signature": seen.signature,
        "location": seen.location,
        "pattern": seen.pattern,
        "kind": seen.kind,
        "standing": line.standing,
        "open": not seen.by,
        "count": seen.count,
        "observations": seen.observations,
        "share": line.share,
        "first_seen": iso(seen.first_seen),
        "last_seen": iso(seen.last_seen),
        "noise": _noise(seen.noise) if seen.noise else None,
        "rule": {**asdict(rule), "created": iso(rule.created), "expires": iso(rule.expires or 0)} if rule else None,
        "sample": {
            "observation": seen.sample,
            "path": line.difference.path if line.difference else None,
            "legacy": line.difference.legacy if line.difference else None,
            "gateway": line.difference.gateway if line.difference else None,
        },
    }


def _noise(noise: Noise) -> Document:
    return {
        "reads": noise.reads,
        "legacy_differed": noise.legacy,
        "gateway_differed": noise.gateway,
        "both_differed": noise.both,
        "explains": noise.explains,
    }


def _refusal(item: OpenRefusal) -> Document:
    return {
        "signature": item.signature,
        "status": item.status,
        "reason": item.reason,
        "subjects": item.subjects,
        "count": item.count,
        "first_seen": iso(item.first_seen),
        "last_seen": iso(item.last_seen),
        "who": [
            {
                "subject": one.subject,
                "count": one.count,
                "first_seen": iso(one.first_seen),
                "last_seen": iso(one.last_seen),
            }
            for one in item.who
        ],
    }


def _route_readiness(route: RouteReadiness) -> Document:
    judged, latency = route.readiness, route.evidence.latency
    return {
        **_known(route.evidence, route.bound),
        "step": {"from": judged.step.before, "to": judged.step.after} if judged else None,
        "ready": route.ready,
        "latency": {
            "pairs": latency.pairs,
            "legacy_median": latency.legacy,
            "gateway_median": latency.gateway,
            "ratio": latency.ratio,
        },
        "checks": [
            {
                "check": finding.check,
                "passed": finding.passed,
                "evidence": finding.evidence_text,
                "missing": finding.missing_text,
            }
            for finding in (judged.findings if judged else ())
        ],
    }
