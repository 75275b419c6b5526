"""What mitmproxy does at every event of a request and the shadow has no use for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

UNUSED = (
    "anticache", "anticomp", "block", "blocklist", "browser", "command_history", "comment", "cut", "dns_resolver",
    "dumper", "export", "keepserving", "maplocal", "mapremote", "modifybody", "modifyheaders", "onboarding",
    "proxyauth", "readfile", "save", "savehar", "serverplayback", "stickyauth", "stickycookie",
    "strip_dns_https_records", "update_alt_svc", "upstream_auth",
)  # fmt: skip
"""Addons of its own that do something only where an option asks for it, and the shadow sets none of those: they
replay, store, rewrite or print flows, or make clients log in. Asking them takes nearly half of its time."""


class Addons(Protocol):
    """What is used of mitmproxy's addon manager; `chain` holds the addons in the order they are asked."""

    chain: list[Any]

    def remove(self, addon: Any) -> None:
        """Take an addon out; it is told that it is done."""


def lighten(addons: Any, message: type) -> None:
    """Leave out the unused; `addons` is mitmproxy's manager, `message` the class of its requests and responses."""
    # Several lines for every request, each of which costs time even where nobody reads it.
    logging.getLogger("mitmproxy.proxy").setLevel(logging.WARNING)
    dismiss(addons)
    # Every event is told a second time, as a change of what a window shows.
    addons.handle_lifecycle = addons.trigger_event
    # The type of every member of every message is checked, except under python -O: which would drop all asserts too.
    message.__post_init__ = lambda _: None  # type: ignore[attr-defined]


def dismiss(addons: Addons, unused: Iterable[str] = UNUSED) -> None:
    """Have the unused addons asked no more; one that is not there is passed over.

    They are known by their modules' names, since their classes are named in another style each.
    """
    names = set(unused)
    for addon in list(addons.chain):
        if type(addon).__module__.rpartition(".")[2] in names:
            addons.remove(addon)
