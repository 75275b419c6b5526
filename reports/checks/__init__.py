"""The registry of readiness checks: one module each, listed by hand in the order people read them."""

from __future__ import annotations

from reports.checks import (
    coverage,
    error_rate,
    fallbacks,
    latency,
    load_test,
    losses,
    parity,
    policy,
    probes,
    processes,
    quiet,
    signatures,
    table,
)

CHECKS = (
    table.CHECK,
    processes.CHECK,
    parity.CHECK,
    signatures.CHECK,
    coverage.CHECK,
    policy.CHECK,
    probes.CHECK,
    losses.CHECK,
    error_rate.CHECK,
    fallbacks.CHECK,
    latency.CHECK,
    load_test.CHECK,
    quiet.CHECK,
)
