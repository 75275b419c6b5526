"""`cutover accept`: a difference is as it is meant to be."""

from __future__ import annotations

from migrate.commands.decision import As, Asked, Expires, Preview, Signature, run
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, By, Config, Json, Reason, Store


def accept(
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
    """Accept a signature as expected, earlier differences too; says what that hides, with --preview only that."""
    asked = Asked("accept", signature, reason, by, expires, preview=preview, meaning=meaning)
    run(asked, store=store, config=config, as_json=as_json)
