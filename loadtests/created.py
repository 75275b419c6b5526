"""What one locust process creates on the platform: noted first, deleted in the end; also the run's API key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.core.errors import CutoverError
from loadtests.cleaning import Cleaned
from loadtests.ledger import Ledger, run_prefix, still_open
from loadtests.sweep import ask, sweep_all
from loadtests.things import API_KEY
from loadtests.workload import API_KEY as KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from loadtests.account import Session
    from loadtests.prepare import Prepared

_OK = 300


class Created:
    """The ledger of this process and the API key that all users share; `directory` is where other processes note."""

    def __init__(self, prepared: Prepared, environment: Mapping[str, str], directory: Path | None) -> None:
        self._prepared, self._directory = prepared, directory
        self._prefix = run_prefix(prepared.plan.workload.run)
        self.ledger = Ledger(self._prefix, directory)
        self.key = environment.get(KEY, "")

    def make_key(self, session: Session) -> str:
        """Create the run's API key if it needs one and has none; what went wrong in words, or nothing."""
        if self.key or not self._prepared.makes_key:
            return ""
        name = self.ledger.begin(API_KEY.name)
        try:
            status, body = ask(self._prepared, session, API_KEY.create, {"name": name})
        except CutoverError as error:
            return f"no API key could be created: {error}"
        document = _document(body) if status < _OK else {}
        self.ledger.made(name, API_KEY.made(body, name))
        self.key = str(document.get("secret_key") or "")
        return "" if self.key else f"no API key could be created: the platform answered {status}"

    def clean(self, sessions: Sequence[Session]) -> Cleaned:
        """Delete what this run made, in whatever process and for whatever account; its key is none any more."""
        if not self._prepared.creates:
            return Cleaned(0)
        if self._prepared.makes_key:
            self.key = ""
        entries = still_open(self._directory) if self._directory else self.ledger.open
        cleaned = sweep_all(self._prepared, sessions, entries, self._prefix)
        for entry in self.ledger.open if not cleaned.left else ():
            self.ledger.gone(entry.name)
        return cleaned


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
