"""Exchanges and differences as they may be stored: without a secret, or not at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Failure, Frame, Request, Response, header
from gateway.core.observation import Difference, DifferenceKind
from shadow.redaction import address, bodies, header_values
from shadow.redaction.names import Treatment, treatment, within
from shadow.redaction.secrets_seen import Seen
from shadow.redaction.tree import TooLargeError, Tree, compact
from shadow.sums import told

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.routes import Route
    from shadow.diff.found import Found

MOST_HEADERS = 100
MOST_FRAMES = 50
TOO_LARGE = "[too large]"
VALUE = 300
"""Most characters of a difference's value."""
_UNLIKELY_NAME = 8
_LONGEST_PATH = 300
_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def redact(exchange: Exchange, key: bytes) -> dict[str, Any]:
    """One exchange as a JSON value that holds no secret."""
    redactor = Redactor(key)
    return dict(redactor.scrubbed(redactor.exchange(exchange)))


class Redactor:
    """Redacts what belongs to one pair; what is secret in one place is taken out of all others.

    Give it everything first, then pass each result through `scrubbed`. `key` makes the fingerprints.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen = Seen()
        self._bodies: dict[tuple[bytes, str | None, str | None, bool], str] = {}

    def know(self, route: Route, request: Request) -> None:
        """Remember path parameters that are secret by their name, such as an invitation's token."""
        for target in route.legacy_targets:
            for name, value in (target.path.match(request.path) or {}).items():
                self._tree().text(value, treatment(name))

    def exchange(self, exchange: Exchange) -> dict[str, Any]:
        """The exchange as a JSON value."""
        return {
            "id": exchange.id,
            "service": exchange.service,
            "request": self.request(exchange.request),
            "response": self._response(exchange.response),
            "started": exchange.started,
            "first_byte": exchange.first_byte,
            "total": exchange.total,
            "frames": [self._frame(frame) for frame in exchange.frames[:MOST_FRAMES]],
        }

    def request(self, request: Request) -> dict[str, Any]:
        """The request as a JSON value."""
        return {
            "method": self.text(request.method),
            "target": self._target(request.target),
            "headers": self._headers(request.headers, request=True),
            "body": self._body(request.headers, request.body, request=True),
            "body_bytes": len(request.body),
            "client": request.client,
        }

    def difference(self, found: Found, by: str) -> Difference:
        """The difference with values that may be stored; `by` says what explains it."""
        legacy, gateway = (self._value(found, side) for side in (found.legacy, found.gateway))
        alike = found.alike if found.kind is DifferenceKind.CHANGED else ""
        return Difference(found.location, self._path(found.path), found.kind, legacy, gateway, by, alike)

    def text(self, text: str) -> str:
        """A text of our own making that may quote an answer."""
        try:
            return self._tree().text(text)
        except TooLargeError:
            return TOO_LARGE

    def scrubbed(self, value: Any) -> Any:
        """A JSON value without the secrets that were seen anywhere in the pair."""
        return self._seen.scrub(value)

    def scrubbed_difference(self, difference: Difference) -> Difference:
        """A difference without the secrets that were seen anywhere in the pair."""
        # Short secrets are taken out of the brackets only: elsewhere they may be the name of an ordinary member.
        path = _IN_BRACKETS.sub(lambda found: f"[{self._seen.scrub(found[1])}]", difference.path)
        path = self._seen.scrub(path, _UNLIKELY_NAME)
        legacy, gateway = (self._seen.scrub(side)[:VALUE] for side in (difference.legacy, difference.gateway))
        return replace(difference, path=path, legacy=legacy, gateway=gateway)

    def _tree(self) -> Tree:
        return Tree(self._key, self._seen)

    def _body(self, headers: Headers, body: bytes, *, request: bool) -> str:
        # Mostly both sides hold the same body: it is looked through once.
        known = (body, header(headers, "content-type"), header(headers, "content-encoding"), request)
        if known not in self._bodies:
            self._bodies[known] = bodies.redacted(headers, body, self._tree(), self._key, request=request)
        return self._bodies[known]

    def _target(self, target: str) -> str:
        try:
            return address.target(target, self._tree())
        except TooLargeError:
            return TOO_LARGE

    def _headers(self, headers: Headers, *, request: bool) -> list[list[str]]:
        try:
            shown = header_values.redacted(headers[:MOST_HEADERS], self._tree(), request=request)
        except TooLargeError:
            shown = []
        more = len(headers) - len(shown)
        return [*shown, [f"({more} more)", ""]] if more else shown

    def _response(self, response: Response | Failure) -> dict[str, Any]:
        if isinstance(response, Failure):
            return {"failure": response.kind, "detail": self.text(response.detail)}
        return {
            "status": response.status,
            "reason": self.text(response.reason),
            "headers": self._headers(response.headers, request=False),
            "body": told(response.sum, self._key)
            if response.sum
            else self._body(response.headers, response.body, request=False),
            "body_bytes": response.sum.length if response.sum else len(response.body),
            "truncated": response.truncated,
        }

    def _frame(self, frame: Frame) -> dict[str, Any]:
        data = frame.data.decode("utf-8", "replace") if frame.text else ""
        shown = self._event(data, Treatment.MASK) if frame.text else bodies.digest(frame.data, self._key)
        return {"from_client": frame.from_client, "text": frame.text, "data": shown, "at": frame.at}

    def _event(self, data: str, members: Treatment) -> str:
        """A message: log lines stand under `data`, which is masked as well."""
        tree = self._tree()
        try:
            value = bodies.document(data)
            return tree.text(data, Treatment.MASK) if value is None else compact(_logged(value, tree, members))
        except TooLargeError:
            return bodies.digest(data.encode("utf-8", "surrogateescape"), self._key)

    def _path(self, path: str) -> str:
        if len(path) > _LONGEST_PATH:
            path = f"{path[:_LONGEST_PATH]}…{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
        return self.text(path) if len(path) > 1 else path

    def _value(self, found: Found, side: Any) -> str:
        if side is None:
            return ""
        try:
            return self._shown(found, side)[: 4 * VALUE]
        except TooLargeError:
            return TOO_LARGE

    def _shown(self, found: Found, side: Any) -> str:
        tree = self._tree()
        if isinstance(side, bytes):
            return bodies.digest(side, self._key)
        if found.location in {"header", "upstream.header"}:
            request = found.location != "header"
            values = side if isinstance(side, list) else [side]
            return ", ".join(header_values.value_of(found.path, str(one), tree, request=request) for one in values)
        if found.location in {"upstream.path", "upstream.query"} and not found.keys:
            return address.target(str(side), tree) if isinstance(side, str) else compact(tree.redact(side))
        if found.location in {"stream", "frame"} and isinstance(side, str):
            return self._event(side, Treatment.MASK) if side != "[DONE]" else side
        value = tree.redact(side, self._treatment(found))
        return value if isinstance(value, str) else compact(value)

    @staticmethod
    def _treatment(found: Found) -> Treatment:
        if found.location == "upstream.body" and found.path == "text":
            return Treatment.MASK
        how = Treatment.KEEP
        for name in found.keys:
            how = within(how, name)
        if found.location == "frame" and "data" in found.keys:
            return max(how, Treatment.MASK)
        return how


def _logged(value: Any, tree: Tree, members: Treatment) -> Any:
    if not isinstance(value, dict):
        return tree.redact(value, members)
    return {
        tree.text(name): tree.redact(item, within(members if name == "data" else Treatment.KEEP, name))
        for name, item in value.items()
    }
