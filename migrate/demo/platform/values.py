"""Times, ids and digests as the platform's database holds them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime


def now() -> datetime:
    """The present as the platform writes it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def naive(moment: datetime | None) -> datetime | None:
    """A time from a query in the platform's terms: UTC without a zone; times without a zone are UTC already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment and moment.tzinfo else moment


def stamp(moment: datetime | None) -> str | None:
    """A timestamp on the wire: no zone, microseconds left out when zero."""
    return None if moment is None else moment.isoformat()


def new_id() -> str:
    """A random UUID as text."""
    return str(uuid.uuid4())


def is_uuid(text: str) -> bool:
    """Whether PostgreSQL takes the text for a uuid."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def digest(password: str) -> str:
    """What is kept of a password."""
    return hashlib.sha256(password.encode()).hexdigest()
