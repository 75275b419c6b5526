"""A reviewed rule that names a meaning, through the real proxy and worker."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Verdict
from gateway.core.routes import Stage
from gateway.store.database import open_store
from migrate.review import decide
from tests.apps.oddities import Head, Oddities, answer
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import Rig, shadowed

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

pytestmark = pytest.mark.proof


def said(at: str) -> bytes:
    """An answer that holds a time."""
    return answer("200 OK", json.dumps({"at": at}).encode(), ("content-type", "application/json"))


async def legacy_clock(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
    """Legacy tells noon."""
    writer.write(said("2026-11-28T12:00:00Z"))


async def gateway_clock(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - by path
    """The gateway is a second late, and half an hour where the item is `late`."""
    writer.write(said("2026-11-28T12:30:00Z" if head[1].endswith("late") else "2026-11-28T12:00:01Z"))


def verdicts(rig: Rig) -> list[Verdict]:
    """As recorded, oldest first."""
    return [one.verdict for one in reversed(rig.observations())]


async def test_what_lies_within_the_meaning_is_expected_and_what_lies_beyond_a_mismatch(tmp_path: Path) -> None:
    """From the next observations on, in a running shadow, and not a second further than was reviewed."""
    async with Oddities() as legacy, Oddities() as internal:
        legacy.override, internal.override = legacy_clock, gateway_clock
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.SHADOW)
            await client.ask("GET", "/items/1")
            await rig.until(lambda: verdicts(rig) == [Verdict.MISMATCH], rig.observations)
            (difference,) = rig.observations()[0].differences
            assert difference.alike == "timestamp 1s"
            with closing(open_store(rig.store)) as connection:
                signature = difference.signature("items.get")
                asked = {"reason": "clocks", "by": "qa", "expires": None, "meaning": "timestamp 2s"}
                done = decide(connection, "tolerate", signature, **asked)
            assert done.preview
            assert (done.preview.observed, done.preview.agreeing, done.preview.beyond) == (1, 1, 0)

            def explained() -> bool:
                return verdicts(rig)[-1] is Verdict.EXPECTED

            asked_for = 1
            while not explained():  # the worker reads rules with its next write
                await client.ask("GET", "/items/1")
                asked_for += 1
                assert asked_for < 50
                await rig.until(lambda total=asked_for: len(rig.observations()) == total, rig.observations)
            assert [one.by for one in rig.observations()[0].differences] == ["rule:tolerated"]
            await client.ask("GET", "/items/late")
            await rig.until(lambda: len(rig.observations()) == asked_for + 1, rig.observations)
            assert verdicts(rig)[-1] is Verdict.MISMATCH
            (beyond,) = rig.observations()[0].differences
            assert (beyond.by, beyond.alike) == ("", "timestamp 1h")
