"""The registry of readiness checks: one module each, listed by hand in the order people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.criteria import Check

CHECKS: tuple[Check, ...] = ()
