"""Limits: token buckets by class and subject, in Redis where several gateways meet, else in memory."""

from __future__ import annotations

from gateway.limit.limits import UNLIMITED, Debit, Limits, failed, learn, limit

__all__ = ["UNLIMITED", "Debit", "Limits", "failed", "learn", "limit"]
