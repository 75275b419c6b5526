"""`cutover gateway`: run the data plane."""

from __future__ import annotations

from gateway.config import load_table
from gateway.settings import load_settings
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Store


def gateway(*, config: Config = DEFAULT_CONFIG, store: Store = DEFAULT_STORE) -> None:
    """Run the gateway until Ctrl-C or SIGTERM; it then finishes what is under way. SIGHUP reads cutover.yaml again.

    CUTOVER_JWT_SECRET and CUTOVER_INTERNAL_KEY hold the platform's secrets. Where they are wanted:
    CUTOVER_JWT_SECRET_PREVIOUS (during a rotation), CUTOVER_SERVICE_TOKEN (to ask the platform for roles),
    CUTOVER_CONTEXT_KEY (signs what services are told), CUTOVER_REDIS_URL (several gateways),
    CUTOVER_ACCESS_LOG=1. Exit code 3: configuration; 4: an address is taken.
    """
    from gateway import server  # noqa: PLC0415 - half a second of imports that no other command needs

    table = load_table(config)
    server.run(table, load_settings(store), store, reread=lambda: load_table(config))
