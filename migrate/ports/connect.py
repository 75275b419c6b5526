"""Asking from a place whether a port takes connections: this namespace or a named one."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMESPACES = Path("/run/netns")

OPEN = "open"
REFUSED = "refused"
SILENT = "silent"
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One TCP connect: `outcome` is open, refused (reset), silent (no answer in time) or unreachable (no way there).

    `same_host` says that the address is one of the asking host's own, so that a closed port would still answer.
    """

    address: str
    port: int
    outcome: str
    same_host: bool = False


def attempt(address: str, port: int, *, netns: str = "", timeout: float = 3.0) -> Attempt:
    """Connect once from the namespace.

    Raises:
        UnreachableError: the namespace does not exist or may not be entered.
    """
    return within(netns, lambda: _connect(address, port, timeout))


def within[T](netns: str, action: Callable[[], T]) -> T:
    """What `action` returns when it runs inside a network namespace; its exceptions come out here.

    Only a thread made for it enters the namespace (setns(2) is per thread) and ends with it.

    Raises:
        UnreachableError: the namespace does not exist or may not be entered.
    """
    if not netns:
        return action()
    results: list[T] = []
    faults: list[BaseException] = []

    def enter() -> None:
        try:
            with (_NAMESPACES / netns).open("rb") as handle:
                os.setns(handle.fileno(), os.CLONE_NEWNET)
        except OSError as error:
            faults.append(UnreachableError(f"network namespace {netns}: {error.strerror}; see `ip netns list`"))
            return
        try:
            results.append(action())
        except BaseException as fault:  # noqa: BLE001 - carried over to the calling thread
            faults.append(fault)

    thread = threading.Thread(target=enter, name=f"netns-{netns}")
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return results[0]


def addresses_of(host: str) -> list[str]:
    """Every address a host name stands for, IPv4 and IPv6; an address stands for itself.

    Raises:
        UnreachableError: the name is not known.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"{host}: {error.strerror}; name its addresses with --address") from None
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def here(host: str, netns: str = "") -> bool:
    """Whether some address of the host name belongs to this machine, or to the namespace."""
    return within(netns, lambda: any(_is_own(address) for address in addresses_of(host)))


def _connect(address: str, port: int, timeout: float) -> Attempt:
    own = _is_own(address)
    with closing(socket.socket(_family(address), socket.SOCK_STREAM)) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect((address, port))
        except (ConnectionRefusedError, ConnectionResetError):
            return Attempt(address, port, REFUSED, own)
        except TimeoutError:
            return Attempt(address, port, SILENT, own)
        except OSError:
            return Attempt(address, port, UNREACHABLE, own)
        return Attempt(address, port, OPEN, own)


def _is_own(address: str) -> bool:
    with closing(socket.socket(_family(address), socket.SOCK_DGRAM)) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
        return True


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
