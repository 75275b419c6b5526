"""`cutover tolerate`: a difference may stay for a while."""

from __future__ import annotations

from migrate.commands.decision import As, Asked, Expires, Preview, Signature, run
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, By, Config, Json, Reason, Store
from migrate.review import TOLERATED_FOR


def tolerate(
    signature: Signature,
    *,
    reason: Reason,
    meaning: As = "",
    expires: Expires = "",
    by: By = "",
    preview: Preview = False,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Tolerate a signature until a day (default: 14 days from now); then it is open again."""
    asked = Asked("tolerate", signature, reason, by, expires, lasts=TOLERATED_FOR, preview=preview, meaning=meaning)
    run(asked, store=store, config=config, as_json=as_json)
