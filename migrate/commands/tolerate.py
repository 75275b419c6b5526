"""`cutover tolerate`: a difference may stay for a while."""

from __future__ import annotations

from migrate.commands.decision import Expires, Signature, run
from migrate.commands.options import DEFAULT_STORE, By, Json, Reason, Store
from migrate.review import TOLERATED_FOR


def tolerate(
    signature: Signature,
    *,
    reason: Reason,
    expires: Expires = "",
    by: By = "",
    as_json: Json = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Tolerate a signature until a day (default: 14 days from now); then it is open again."""
    run("tolerate", signature, reason, by, expires, store=store, as_json=as_json, lasts=TOLERATED_FOR)
