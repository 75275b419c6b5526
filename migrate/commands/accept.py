"""`cutover accept`: a difference is as it is meant to be."""

from __future__ import annotations

from migrate.commands.decision import Expires, Signature, run
from migrate.commands.options import DEFAULT_STORE, By, Json, Reason, Store


def accept(
    signature: Signature,
    *,
    reason: Reason,
    expires: Expires = "",
    by: By = "",
    as_json: Json = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Accept a signature as expected: its differences, earlier ones too, count as agreement."""
    run("accept", signature, reason, by, expires, store=store, as_json=as_json)
