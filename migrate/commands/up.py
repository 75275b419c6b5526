"""`cutover up`: gateway and shadow together."""

from __future__ import annotations

import sys

from gateway.config import load_table
from gateway.settings import load_settings
from gateway.store.database import open_store
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Store
from migrate.together import run_together


def up(*, config: Config = DEFAULT_CONFIG, store: Store = DEFAULT_STORE) -> None:
    """Run gateway and shadow as child processes until Ctrl-C or SIGTERM; when one ends, so does the other.

    SIGHUP makes the gateway read cutover.yaml again; the shadow keeps its table until it is started again.

    Exit code 3: configuration; 4: an address is taken, or a process ended by itself.
    """
    load_table(config)
    open_store(store).close()
    load_settings(store)
    places = ["--config", str(config), "--store", str(store)]
    commands = {name: [sys.executable, "-m", "migrate", name, *places] for name in ("gateway", "shadow")}
    run_together(commands, reloading=("gateway",))
