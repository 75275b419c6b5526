"""Pure functions of a request's headers, remembered: a client sends the same ones with request after request."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRIES = 1024
"""Results that one function remembers; when there are more it begins anew."""
LONGEST = 4096
"""Bytes of headers beyond which nothing is remembered, so that nobody fills the memory."""
MOST = 128
"""Lines beyond which nothing is remembered: empty ones weigh a hundred times their bytes."""
_MISSING = object()


def recalled[*Rest, Result, Text: (str, bytes)](
    function: Callable[[tuple[tuple[Text, Text], ...], *Rest], Result],
) -> Callable[[tuple[tuple[Text, Text], ...], *Rest], Result]:
    """The same function, which is called once only for arguments that were there lately; what it raises is not kept.

    The arguments after the headers must be hashable and few.
    """
    known: dict[Any, Any] = {}

    @wraps(function)
    def recall(headers: tuple[tuple[Text, Text], ...], *rest: *Rest) -> Result:
        key = (headers, *rest)
        found: Result = known.get(key, _MISSING)
        if found is not _MISSING:
            return found
        result = function(headers, *rest)
        if len(headers) <= MOST and sum([len(name) + len(value) for name, value in headers]) <= LONGEST:
            if len(known) >= ENTRIES:
                known.clear()
            known[key] = result
        return result

    return recall
