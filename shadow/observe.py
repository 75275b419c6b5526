"""The spine of one observation: pair → normalise → diff → classify → redact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.core.observation import Observation, Rule
    from gateway.core.table import RouteTable
    from shadow.pairing import Pair


@dataclass(frozen=True)
class Setting:
    """What observing needs beside the pair; `now` gives seconds since the epoch."""

    table: RouteTable
    fingerprint_key: bytes = field(repr=False)
    rules: Mapping[str, Rule]
    gateway_url: str
    version: str
    now: Callable[[], float]


def observe(pair: Pair, setting: Setting) -> Observation:
    """The pair compared, judged and redacted; the result holds no secret and may be stored."""
    raise NotImplementedError


def needs_again(pair: Pair, setting: Setting) -> bool:
    """Whether legacy has to be asked a second time: the first two answers to a safe read differ unexplained."""
    raise NotImplementedError
