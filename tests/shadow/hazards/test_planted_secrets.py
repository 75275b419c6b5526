"""Secrets planted where secrets stand, and the bytes that are on disk after what was seen was written."""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.observation import Verdict
from gateway.store.counts import Refusal
from shadow.observe import observed
from shadow.recorder import Recorder
from tests.shadow.cases import answer, pair, request, setting
from tests.shadow.session_secrets import spellings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request

pytestmark = pytest.mark.proof

HARMLESS = "harmless-and-to-be-found"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def _headers(*headers: tuple[str, str]) -> Request:
    return request("POST", "/items", *headers, body={"note": HARMLESS})


PLACES: dict[str, Callable[[str], Request]] = {
    "bearer": lambda secret: _headers(("Authorization", f"Bearer {secret}")),
    "basic": lambda secret: _headers(("Authorization", "Basic " + b64encode(f"u:{secret}".encode()).decode())),
    "api key": lambda secret: _headers(("X-API-Key", secret)),
    "internal key": lambda secret: _headers(("X-Internal-API-Key", secret)),
    "cookie": lambda secret: _headers(("Cookie", f"theme=dark; session={secret}")),
    "query": lambda secret: request("POST", f"/items?token={quote(secret)}&a=1", body={"note": HARMLESS}),
    "referer": lambda secret: _headers(("Referer", f"http://page.example/?access_token={quote(secret)}")),
    "password": lambda secret: request("POST", "/items", body={"password": secret, "note": HARMLESS}),
    "deep": lambda secret: request("POST", "/items", body={"note": HARMLESS, "a": [{"b": {"api_key": secret}}]}),
    "within text": lambda secret: request(
        "POST", "/items", body={"note": HARMLESS, "a": json.dumps({"token": secret})}
    ),
    "form": lambda secret: request("POST", "/items", FORM, body=f"note={HARMLESS}&password={quote(secret)}"),
}


def on_disk(asked: Request, secret: str, echo: str) -> tuple[bytes, Verdict]:
    """All bytes of the store's folder after an exchange was recorded in which both sides echo the secret."""
    legacy = answer({"note": HARMLESS, "said": f"{echo} {secret}", "url": f"http://x.example/?token={quote(secret)}"})
    gateway: Any = answer({"note": HARMLESS, "said": secret}, ("Set-Cookie", f"session={secret}; Path=/"))
    again = answer({"note": HARMLESS, "said": f"again {secret}"})
    first = pair(legacy, gateway, asked=asked)
    second = pair(again, gateway, asked=asked).legacy
    seen = observed(pair(legacy, gateway, asked=asked, again=second, upstream=asked, sampled=True), setting())
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "cutover.db")
        recorder.observed(seen.observation)
        if seen.lesson:
            recorder.taught(seen.lesson)
        recorder.refused(Refusal(first.route.id, first.subject, 403, "scope", 1, 1.0, 1.0))
        assert recorder.write(recorder.take())
        # Before it is closed: what stands in the write-ahead log is on disk too.
        data = b"".join(path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file())
        recorder.close()
    return data, seen.observation.verdict


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(PLACES)),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_~.!-]{10,38}[A-Za-z0-9]", fullmatch=True),
    st.sampled_from(["invalid", "no such key:", "user said"]),
)
def test_no_planted_secret_is_on_disk(place: str, secret: str, echo: str) -> None:
    """Wherever a secret is sent, and however it is echoed, no spelling of it is in any file; the rest is."""
    data, verdict = on_disk(PLACES[place](secret), secret, echo)
    assert verdict is not Verdict.MATCH
    assert HARMLESS.encode() in data
    assert [form for form in spellings(secret) if form.encode() in data] == []


def test_the_search_would_find_it() -> None:
    """The same text where no secret stands is on disk as it was sent: an empty search means something."""
    data, _ = on_disk(
        request("POST", "/items", body={"note": HARMLESS, "colour": "Quite-Harmless.Too"}), "x" * 12, ""
    )
    assert b"Quite-Harmless.Too" in data
