"""The profiles of a route in the store: bounded, so that no mix of differences makes the store grow for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.profile import Profile

if TYPE_CHECKING:
    import sqlite3

MOST = 256
"""Profiles of one route and digest; further ones share a union, which counts as the worst of all in it."""


class Profiles:
    """Names profiles within one transaction, storing those that are new."""

    def __init__(self, connection: sqlite3.Connection, most: int = MOST) -> None:
        self._db = connection
        self._most = most
        self._known: dict[tuple[str, str], dict[str, Profile]] = {}
        self._named: dict[tuple[str, str, Profile], str] = {}

    def get(self, route: str, digest: str, name: str) -> Profile:
        """The profile of a name given before."""
        return self._of(route, digest)[name]

    def name(self, route: str, digest: str, profile: Profile) -> str:
        """The name under which the profile is counted."""
        key = (route, digest, profile)
        if key not in self._named:
            self._named[key] = self._name(route, digest, profile)
        return self._named[key]

    def _name(self, route: str, digest: str, profile: Profile) -> str:
        known = self._of(route, digest)
        name = profile.name
        if known.get(name) == profile:
            return name
        if len(known) >= self._most and profile.items:
            name = " ".join(("further", *sorted(profile.verdicts)))
            profile = known.get(name, Profile()) | profile
            if known.get(name) == profile:
                return name
        known[name] = profile
        self._db.execute(
            "INSERT INTO profiles (route, digest, profile, content) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (route, digest, profile) DO UPDATE SET content = excluded.content",
            [route, digest, name, profile.text],
        )
        return name

    def _of(self, route: str, digest: str) -> dict[str, Profile]:
        key = (route, digest)
        if key not in self._known:
            rows = self._db.execute("SELECT profile, content FROM profiles WHERE route = ? AND digest = ?", key)
            self._known[key] = {row["profile"]: Profile.from_text(row["content"]) for row in rows}
        return self._known[key]
