"""The `circuit:`, `retries:` and `clients:` parts of the `gateway:` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, share, size, whole
from gateway.core.resilience import CircuitPolicy, ClientPolicy, RetryPolicy

if TYPE_CHECKING:
    from gateway.config.section import Section


def read_circuit(section: Section) -> CircuitPolicy:
    """When a service is left alone."""
    usual = CircuitPolicy()
    policy = CircuitPolicy(
        failures=section.read("failures", _some, usual.failures),
        least=section.read("least", whole(1), usual.least),
        window=section.read("window", duration, usual.window),
        open=section.read("open", duration, usual.open),
        trials=section.read("trials", whole(1), usual.trials),
    )
    section.close()
    return policy


def read_retries(section: Section) -> RetryPolicy:
    """How much may be tried again."""
    usual = RetryPolicy()
    policy = RetryPolicy(
        share=section.read("share", share, usual.share), floor=section.read("floor", _rate, usual.floor)
    )
    section.close()
    return policy


def read_clients(section: Section) -> ClientPolicy:
    """How slow a client may be."""
    usual = ClientPolicy()
    policy = ClientPolicy(
        idle=section.read("idle", duration, usual.idle), rate=section.read("rate", size, usual.rate)
    )
    section.close()
    return policy


def _some(text: str) -> float:
    value = share(text)
    if not value:
        raise Wrong(f"{text!r:.40} would leave every service alone", "write a share above 0, such as 50%")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise Wrong(f"{text!r:.40} is not acceptable", "write a number of attempts a second, 0 or more")
    return value
