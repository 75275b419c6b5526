"""How the shadow copies: what `shadow:` of the route table says, and the limits that the platform has itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.listening import Tls


@dataclass(frozen=True, slots=True)
class PlatformLimit:
    """So many requests in `per` seconds the platform takes on its own terms; copies take a tenth of it at most."""

    rate: float
    per: float = 60.0


@dataclass(frozen=True, slots=True)
class Mirroring:
    """What holds for every copy.

    `second` is the share of copied reads for which legacy is asked a second time, whatever the two sides said. `load`
    is how many requests copies may add for each that a client made. From `slow` times its usual latency on a service
    counts as slow, and gets fewer copies; 0 never does. `tls` is the certificate of the services' listeners, and
    `proxy_listen` where the shadow stands as an HTTP proxy (`host:port`); empty means nowhere. `candidate` is the
    base URL of a gateway that is not ours and takes the place of ours at the shadow; empty means ours.
    """

    second: float = 0.05
    load: float = 1.5
    slow: float = 2.0
    tls: Tls = field(default_factory=lambda: Tls(hsts=0))
    proxy_listen: str = ""
    candidate: str = ""

    @property
    def foreign(self) -> bool:
        """Whether the candidate knows neither marks nor dry runs."""
        return bool(self.candidate)
