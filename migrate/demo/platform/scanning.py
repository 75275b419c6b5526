"""The guardrail's scan: banned keywords and e-mail addresses, deterministic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def scan(text: str, banned: Iterable[str] = (), pii_entities: Iterable[str] = ()) -> dict[str, Any]:
    """A guardrail result: valid, the text with e-mail addresses masked when asked, score and violations."""
    violations = [
        {
            "scanner": "BanSubstrings",
            "violation_type": "keyword_filter",
            "score": 1.0,
            "details": f"Banned keyword found: {word}",
            "detected_content": word,
        }
        for word in banned
        if word.lower() in text.lower()
    ]
    sanitised = _EMAIL.sub("[REDACTED_EMAIL]", text) if "EMAIL_ADDRESS" in pii_entities else text
    return {
        "is_valid": not violations,
        "sanitized_text": sanitised,
        "risk_score": 1.0 if violations else 0.0,
        "violations": violations,
        "scan_time_ms": 0.1,
        "actions_taken": ["anonymized"] if sanitised != text else [],
    }
