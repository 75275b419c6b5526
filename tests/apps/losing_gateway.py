"""`python -m tests.apps.losing_gateway`: a gateway that loses one member of the answer to a write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gateway.answer import Answer
from gateway.app import Parts
from gateway.config import load_table
from gateway.server import run
from gateway.settings import load_settings
from gateway.transform import transform

ROUTE, MEMBER = "api-keys.create", "secret_key"


async def losing(table: Any, matched: Any, request: Any, upstream: Any, url: Any) -> Answer:
    """The answer as it should be; of one route without one member."""
    right = await transform(table, matched, request, upstream, url)
    if matched.route.id != ROUTE:
        return right
    body = right.body if isinstance(right.body, bytes) else b""
    while not isinstance(right.body, bytes) and (piece := await right.body.take()):
        body += piece
    rest = json.dumps({name: value for name, value in json.loads(body).items() if name != MEMBER}).encode()
    kept = tuple(pair for pair in right.headers if pair[0].lower() != "content-length")
    return Answer(right.status, (*kept, ("content-length", str(len(rest)))), rest)


def main() -> None:
    """Serve like `cutover gateway` does, with the one step replaced."""
    store = Path(os.environ["CUTOVER_STORE"])
    run(load_table(Path(os.environ["CUTOVER_CONFIG"])), load_settings(store), store, parts=Parts(transform=losing))


if __name__ == "__main__":
    main()
