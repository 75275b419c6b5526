"""How a value is treated by the name it stands under: a member, a header, a parameter, a form field."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Treatment(IntEnum):
    """What happens to a value before it is stored; the greater one wins."""

    KEEP = 0
    MASK = 1
    FINGERPRINT = 2
    DROP = 3


_DROP = re.compile(
    r".*(password|passwd|passphrase|totp|mnemonic|privatekey|recoverycode|backupcode|qrcode|otpauth).*"
    r"|.*pwd[0-9]*|pw|(db|user|admin|root|smtp|mail|redis|postgres|pg|sql|mysql|mongo|http|proxy|auth|login|key)?pass"
    r"|(db|user|admin|root)pw|pin|otp|otpcode|mfacode|qr|secret|verificationcode|onetimecode|cvv|cvc"
)
_COUNTS = re.compile(
    r".*(tokens|tokentype|tokencount|tokenlimit|tokenusage|tokenizer)(persecond|perminute|used|left)?"
)
_FINGERPRINT = re.compile(
    r".*(token|secret|apikey|accesskey|authorization|cookie|credential|session|signature|jwt|csrf|internalkey).*"
    r"|.*webhookurl|ticket|nonce|auth|bearer|xauth.*|invitecode"
)
_MASK = re.compile(
    r"(system|user|assistant)?(content|prompt|completion|messages?text|text|inputs?|outputs?|question|answer)"
    r"|messages|delta|.*payload|violation|sanitizedtext|scannedtext|arguments|instructions|reasoning(content)?"
    r"|chunks?|snippets?|transcript|templatecontent"
)
_HARMLESS = frozenset({"role", "type", "model", "index", "finishreason", "object", "stream", "statuscode"})
_PUNCTUATION = re.compile(r"[^a-z0-9]")


@lru_cache(maxsize=8192)
def treatment(name: str) -> Treatment:
    """How a value under this name is treated; case, dashes and underscores do not matter."""
    plain = _PUNCTUATION.sub("", name.lower())
    if _DROP.fullmatch(plain):
        return Treatment.DROP
    if _COUNTS.fullmatch(plain):
        return Treatment.KEEP
    if _FINGERPRINT.fullmatch(plain):
        return Treatment.FINGERPRINT
    return Treatment.MASK if _MASK.fullmatch(plain) else Treatment.KEEP


def within(outer: Treatment, name: str) -> Treatment:
    """How a value under this name is treated inside something treated already."""
    plain = _PUNCTUATION.sub("", name.lower())
    if outer is Treatment.MASK and plain in _HARMLESS:
        return Treatment.KEEP
    return max(outer, treatment(name))
