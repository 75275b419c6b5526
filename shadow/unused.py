"""mitmproxy's own addons that have nothing to do in the shadow: every one of them is asked at every event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

UNUSED = (
    "anticache", "anticomp", "block", "blocklist", "browser", "command_history", "comment", "cut",
    "dns_resolver", "dumper", "export", "keepserving", "maplocal", "mapremote", "modifybody", "modifyheaders",
    "onboarding", "proxyauth", "readfile", "save", "savehar", "serverplayback", "stickyauth", "stickycookie",
    "strip_dns_https_records", "update_alt_svc", "upstream_auth",
)  # fmt: skip
"""Each does something only where an option asks for it, and the shadow sets none of those: they replay, store,
rewrite or print flows, or make clients log in. Together they cost nearly half of mitmproxy's time for a request."""


class Addons(Protocol):
    """What is used of mitmproxy's addon manager; `chain` holds the addons in the order they are asked."""

    chain: list[Any]

    def remove(self, addon: Any) -> None:
        """Take an addon out; it is told that it is done."""


def dismiss(addons: Addons, unused: Iterable[str] = UNUSED) -> None:
    """Have the unused addons asked no more; one that is not there is passed over.

    They are known by their modules' names, since their classes are named in another style each.
    """
    names = set(unused)
    for addon in list(addons.chain):
        if type(addon).__module__.rpartition(".")[2] in names:
            addons.remove(addon)
