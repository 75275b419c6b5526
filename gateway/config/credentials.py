"""How credentials are checked: `tokens`, `jwks` and `api_keys` of the `gateway:` section."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, expanding, filled, origin_url, word
from gateway.core.credentials import ApiKeys, Credentials, Introspect, Jwks, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.config.section import Section

SYMMETRIC = ("HS256", "HS384", "HS512")
ASYMMETRIC = ("RS256", "ES256")
_LEEWAY = 60.0
_KEEP = 60.0
_REFRESH = 1.0
_JWT = "ey"
"""How Base64 spells the brace with which the header of a JWT begins."""
_VISIBLE = re.compile(r"[\x21-\x7e]+")


def read_credentials(
    section: Section, environment: Mapping[str, str], algorithms: tuple[str, ...], services: Collection[str]
) -> Credentials:
    """How callers are checked; `services` are the names that introspection may ask."""
    jwks = _jwks(section.section("jwks"), environment) if section.has("jwks") else None
    published = [name for name in algorithms if name in ASYMMETRIC]
    if published and not section.has("jwks"):
        section.wrong("algorithms", f"{published[0]} is accepted without a key", "write jwks: {url: https://…}")
    if jwks and not published:
        section.wrong("jwks", "no accepted algorithm uses published keys", "add RS256 or ES256 to algorithms:")
    return Credentials(_tokens(section.section("tokens")), jwks, _api_keys(section.section("api_keys"), services))


def _tokens(section: Section) -> Tokens:
    usual = Tokens()
    if section.is_empty("audience"):
        section.wrong(
            "audience", "audience names none, and aud would not be checked", "write one, or remove the line"
        )
    tokens = Tokens(
        issuer=section.read("issuer", filled, usual.issuer),
        audiences=tuple(item.value for item in section.values("audience", filled) or ()),
        type=section.read("type", filled, usual.type),
        leeway=section.read("leeway", _at_most(_LEEWAY), usual.leeway),
    )
    section.close()
    return tokens


def _jwks(section: Section, environment: Mapping[str, str]) -> Jwks:
    usual = Jwks("")
    jwks = Jwks(
        url=section.need("url", expanding(environment, jwks_url)) or "",
        refresh=section.read("refresh", _at_least(_REFRESH), usual.refresh),
        keep=section.read("keep", duration, usual.keep),
    )
    if jwks.keep < jwks.refresh:
        section.wrong("keep", "keep is shorter than refresh", "write a longer keep:")
    section.close()
    return jwks


def _api_keys(section: Section, services: Collection[str]) -> ApiKeys:
    usual = ApiKeys()
    keys = ApiKeys(
        introspect=_introspect(section.section("introspect"), services) if section.has("introspect") else None,
        keep=section.read("keep", _at_most(_KEEP), usual.keep),
        keep_refused=section.read("keep_refused", _at_most(_KEEP), usual.keep_refused),
    )
    section.close()
    return keys


def _introspect(section: Section, services: Collection[str]) -> Introspect:
    method, target = section.need("target", question) or ("GET", "/")
    introspect = Introspect(
        service=section.need("service", word(*services) if services else filled) or "",
        method=method,
        target=target,
        organisation=section.read("organisation", filled, "org_id"),
    )
    section.close()
    return introspect


def _at_most(seconds: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = duration(text)
        if value > seconds:
            raise Wrong(f"{text!r:.40} is too long", f"write at most {seconds:g}s")
        return value

    return read


def _at_least(seconds: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = duration(text)
        if value < seconds:
            raise Wrong(f"{text!r:.40} is too often", f"write {seconds:g}s or more")
        return value

    return read


def prefix(text: str) -> str:
    """How API keys begin, by which they are told from a JWT: those begin with `ey`."""
    if not _VISIBLE.fullmatch(text) or _JWT.startswith(text) or text.startswith(_JWT):
        raise Wrong(f"{text!r:.40} does not tell API keys from tokens", "write how every key begins, like sk-")
    return text


def question(text: str) -> tuple[str, str]:
    """A method and a raw target: `GET /internal/models?limit=1`."""
    method, _, target = text.partition(" ")
    if method not in {"GET", "POST"} or not target.startswith("/") or not _VISIBLE.fullmatch(target) or "#" in target:
        raise Wrong(f"{text!r:.80} is no request", "write GET or POST and a path, like GET /internal/models?limit=1")
    return method, target


def jwks_url(text: str) -> str:
    """Where keys are published: https, or plain http where no stranger stands between."""
    try:
        parts = urlsplit(text)
        origin = origin_url(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        raise Wrong(f"{text!r:.80} is no URL", "write https://host/path") from None
    if not parts.path or not _VISIBLE.fullmatch(text) or parts.fragment:
        raise Wrong(f"{text!r:.80} names no document", f"write {origin}/.well-known/jwks.json or what it is there")
    if parts.scheme == "http" and not _near(parts.hostname or ""):
        # Whoever answers this address decides who is let in.
        raise Wrong(f"{text!r:.80} is not encrypted", "write https://")
    return text


def _near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_loopback or address.is_private
