"""`cutover reject`: a difference is a defect of the gateway."""

from __future__ import annotations

from migrate.commands.decision import Asked, Signature, run
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, By, Config, Json, Reason, Store


def reject(
    signature: Signature,
    *,
    reason: Reason,
    by: By = "",
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Reject a signature: it stays open, shown as a defect, until a mended gateway starts new evidence."""
    run(Asked("reject", signature, reason, by), store=store, config=config, as_json=as_json)
