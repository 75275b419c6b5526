"""The `gateway:` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.addresses import collide
from gateway.config.credentials import ASYMMETRIC, SYMMETRIC, prefix, read_credentials
from gateway.config.face import read_api
from gateway.config.idempotency import read_idempotency
from gateway.config.listening import read_connections, read_tls
from gateway.config.permissions import read_permissions
from gateway.config.resilience import read_circuit, read_clients, read_retries
from gateway.config.scalars import (
    address,
    cors_origin,
    duration,
    expanding,
    header_name,
    name,
    origin_url,
    proxies,
    size,
    switch,
    whole,
    whole_seconds,
    word,
)
from gateway.core.policy import Cors, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.config.section import Section

PROXY_HEADERS = ("x-forwarded-for", "forwarded")


def read_policy(
    section: Section, environment: Mapping[str, str], services: Collection[str], folder: str = ""
) -> Policy:
    """What holds for the gateway as a whole; relative paths start at `folder`; `services` are declared."""
    usual = Policy()
    algorithms = _values(section, "algorithms", word(*SYMMETRIC, *ASYMMETRIC), usual.algorithms)
    policy = Policy(
        listen=section.read("listen", expanding(environment, address), usual.listen),
        internal_listen=section.read("internal_listen", expanding(environment, address), usual.internal_listen),
        public_url=section.read("public_url", expanding(environment, origin_url), usual.public_url),
        algorithms=algorithms,
        api_key_prefix=section.read("api_key_prefix", prefix, usual.api_key_prefix),
        credentials=read_credentials(section, environment, algorithms, services),
        trusted_proxies=_values(section, "trusted_proxies", proxies, usual.trusted_proxies),
        proxy_header=section.read("proxy_header", word(*PROXY_HEADERS), usual.proxy_header),
        cors=_cors(section.section("cors")),
        permissions=read_permissions(section.section("permissions"), services),
        max_body=section.read("max_body", size, usual.max_body),
        drain=section.read("drain", duration, usual.drain),
        tls=read_tls(section.section("tls"), environment, folder),
        connections=read_connections(section.section("connections")),
        build=section.read("build", expanding(environment, str), usual.build),
        instances=section.read("instances", whole(1, 1024), usual.instances),
        circuit=read_circuit(section.section("circuit")),
        retries=read_retries(section.section("retries")),
        clients=read_clients(section.section("clients")),
        api=read_api(section.section("api")),
        passthrough=section.read("passthrough", word(*services) if services else name, usual.passthrough),
        idempotency=read_idempotency(section.section("idempotency")),
    )
    if section.is_empty("algorithms"):
        section.wrong("algorithms", "algorithms names none, so no token would hold", "write [HS256], or remove it")
    if collide(policy.listen, policy.internal_listen):
        section.wrong(
            "internal_listen", f"internal_listen is the public address {policy.listen}", "write another port"
        )
    if policy.tls.certificate and policy.public_url.startswith("http:"):
        section.wrong("public_url", f"public_url is {policy.public_url} beside tls", "write it with https://")
    section.close()
    return policy


def _cors(section: Section) -> Cors:
    usual = Cors()
    cors = Cors(
        origins=_values(section, "origins", cors_origin, usual.origins),
        credentials=section.read("credentials", switch, usual.credentials),
        max_age=section.read("max_age", whole_seconds, usual.max_age),
        expose=_values(section, "expose", header_name, usual.expose),
    )
    if "*" in cors.origins and len(cors.origins) > 1:
        section.wrong("origins", "origins has * beside others", "write * alone, or the others without it")
    section.close()
    return cors


def _values[T](section: Section, key: str, parse: Callable[[str], T], usual: tuple[T, ...]) -> tuple[T, ...]:
    found = section.values(key, parse)
    return usual if found is None else tuple(item.value for item in found)
