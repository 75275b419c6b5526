from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from gateway.app import build_app
from gateway.config import load_table
from gateway.flags.store import FlagStore
from gateway.server import serving
from gateway.settings import load_settings
from gateway.store.audit import results
from gateway.store.database import open_store
from reports.criteria import TO_CANARY
from reports.evidence import gather
from reports.readiness import blockers
from tests.apps.command_line import SECRETS, Done, cutover
from tests.apps.echo import upstream
from tests.apps.route_tables import GOOD
from tests.migrate.commands.moving import store_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def gateway_in(folder: Path) -> AsyncIterator[list[str]]:
    """A gateway with the store of the folder, over an upstream that echoes; yields the options that find it."""
    async with upstream() as service:
        (folder / "cutover.yaml").write_text(GOOD.replace("http://127.0.0.1:8000", service.address))
        table = load_table(folder / "cutover.yaml", {})
        store = store_in(folder)
        with closing(open_store(store)) as connection:
            snapshot = FlagStore(connection).snapshot()
        gateway = build_app(table, load_settings(store, SECRETS), lambda: snapshot)
        async with serving(gateway, "127.0.0.1:0", "127.0.0.1:0") as addresses:
            yield ["--host", addresses.public, "--host", f"gateway-internal={addresses.internal}"]


async def run(folder: Path, *arguments: str) -> Done:
    """The command, beside the loop that serves the gateway."""
    return await asyncio.to_thread(cutover, folder, "probe", *arguments)


async def test_a_clean_run_is_kept_as_evidence(tmp_path: Path) -> None:
    """Exit code 0, a short summary, and the check of the step to canary is content."""
    async with gateway_in(tmp_path) as options:
        done = await run(tmp_path, *options)
    assert (done.code, done.err) == (0, "")
    assert done.out.rstrip().endswith("all passed")
    table = load_table(tmp_path / "cutover.yaml", {})
    with closing(open_store(store_in(tmp_path))) as connection:
        (kept,) = results(connection, "probe")
        evidence = gather(connection, table)
    assert kept.passed
    for route in ("pools.list", "pools.delete", "logs.socket"):
        missing = blockers(evidence, table, route, TO_CANARY)
        assert missing
        assert not [text for text in missing if text.startswith("probes")]


async def test_the_document_names_what_was_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a credential the run is not complete, which is exit code 1; no secret is in it."""
    async with gateway_in(tmp_path) as options:
        monkeypatch.delenv("CUTOVER_JWT_SECRET")
        done = await run(tmp_path, "pools.list", "--json", *options)
    document = json.loads(done.out)
    assert done.code == 1
    assert {item["probe"] for item in document["not_asked"]} == {"expired", "identity"}
    assert all(item["passed"] for item in document["results"])
    assert not any(secret in done.out for secret in SECRETS.values())


async def test_legacy_is_information(tmp_path: Path) -> None:
    """What a service lets through is exit code 1, said in one line, and no evidence for the gateway."""
    async with gateway_in(tmp_path):
        done = await run(tmp_path, "--target", "legacy")
    assert done.code == 1
    assert "2 failed on 1 routes, which the service lets through" in done.out
    with closing(open_store(store_in(tmp_path))) as connection:
        assert results(connection, "probe") == []
        assert len(results(connection, "probe-legacy")) == 1


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    """A gateway that is away is exit code 4; a stranger and an unknown route are exit code 2."""
    (tmp_path / "cutover.yaml").write_text(GOOD)
    gone = ["--host", "http://127.0.0.1:1", "--host", "gateway-internal=http://127.0.0.1:1"]
    assert cutover(tmp_path, "probe", *gone).code == 4
    assert cutover(tmp_path, "probe", "--host", "http://stranger.example").code == 2
    assert cutover(tmp_path, "probe", "nothing").code == 2
    assert not store_in(tmp_path).exists()
