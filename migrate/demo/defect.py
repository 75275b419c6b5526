"""`python -m migrate.demo.defect`: a gateway with the demo's seeded defect, which production code cannot have.

It loses all but the last of repeated query parameters, as the platform's own first gateway did.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.app import Parts
from gateway.config import load_table
from gateway.server import run
from gateway.settings import load_settings

if TYPE_CHECKING:
    from gateway.core.exchange import Request


def forgetful(*arguments: Any) -> Request:
    """The mapping step, followed by a dictionary where a list of pairs belongs."""
    request: Request = Parts().mapped(*arguments)
    last = {pair.partition("=")[0]: pair for pair in request.query.split("&") if pair}
    return replace(request, target=request.path + ("?" + "&".join(last.values()) if last else ""))


def main() -> None:
    """Serve like `cutover gateway` does, with the one step replaced."""
    store = Path(os.environ["CUTOVER_STORE"])
    table = load_table(Path(os.environ["CUTOVER_CONFIG"]))
    run(table, load_settings(store), store, parts=Parts(mapped=forgetful))


if __name__ == "__main__":
    main()
