"""`cutover shadow`: stand where the dashboard's traffic passes."""

from __future__ import annotations

from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Store
from shadow import process


def shadow(*, config: Config = DEFAULT_CONFIG, store: Store = DEFAULT_STORE) -> None:
    """Run one listener for each service until Ctrl-C or SIGTERM; answers pass through, copies are compared.

    Exit code 3: configuration; 4: an address is taken.
    """
    process.run(config, store)
