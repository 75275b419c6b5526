"""The sessions of a run: one for each account, each signed in for once and renewed shortly before it ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from loadtests.account import TOKEN, Session, accounts, session, sign_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.prepare import Prepared


class Sessions:
    """What all users of one process share. A worker `follows`: it signs in nowhere and is told the tokens.

    Raises:
        ConfigError, UnreachableError: as `account.sign_in` does.
    """

    def __init__(self, prepared: Prepared, environment: Mapping[str, str], *, follows: bool = False) -> None:
        self._prepared, self._follows = prepared, follows
        self._lock = threading.Lock()
        self._accounts = [variables for _, variables in accounts(environment)]
        self._held = [Session("")] if follows else [self._sign_in(variables) for variables in self._accounts]
        self._given = 0

    def one(self, number: int = 0) -> Session:
        """The session of the account of this number, counted round; a fresh one as long as signing in works."""
        with self._lock:
            place = number % len(self._held)
            if not self._follows and not self._held[place].fresh(time.time()):
                self._held[place] = self._sign_in(self._accounts[place])
            return self._held[place]

    def next(self) -> int:
        """The number of the account that the next user takes."""
        self._given += 1
        return self._given - 1

    @property
    def tokens(self) -> list[str]:
        """The tokens of all accounts, in order."""
        return [self.one(number).token for number in range(len(self._held))]

    def share(self, tokens: Sequence[str]) -> None:
        """Take over the sessions that the master signed in for."""
        self._held = [session(token) for token in tokens]

    def all(self) -> list[Session]:
        """The sessions of all accounts."""
        return [self.one(number) for number in range(len(self._held))]

    def _sign_in(self, variables: Mapping[str, str]) -> Session:
        if not self._prepared.needs_account and not variables.get(TOKEN):
            return Session("")
        return sign_in(variables, self._prepared.table, self._prepared.bases, self._prepared.sign_in_side)
