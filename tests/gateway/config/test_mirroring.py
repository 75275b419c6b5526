from __future__ import annotations

from gateway.config.document import parse
from gateway.config.mirroring import read_mirroring, read_platform_limit
from gateway.config.problem import Findings
from gateway.config.section import Section
from gateway.core.listening import Tls
from gateway.core.mirroring import Mirroring, PlatformLimit


def read(text: str) -> tuple[Mirroring, list[str]]:
    """What a section says, and what is wrong with it."""
    findings = Findings()
    found = read_mirroring(Section.of("shadow", parse(text), findings), {"PORT": "18100"})
    return found, [problem.message for problem in findings.problems]


def test_what_is_not_said_is_usual() -> None:
    """An empty section copies as usual."""
    assert read("{}") == (Mirroring(), [])


def test_the_share_of_second_reads() -> None:
    """It is read as a share; anything else is one clear line."""
    assert read("second: 20%") == (Mirroring(second=0.2), [])
    assert read("second: 7")[1] == ["shadow: second '7' is no share"]
    assert read("seconds: 1")[1] == ["shadow: key seconds is not known"]


def test_the_load_that_copies_may_add() -> None:
    """A share of the clients' requests, up to the three that a read can cost."""
    assert [read(f"load: {text}")[0].load for text in ("0%", "150%", "0.5", "3")] == [0.0, 1.5, 0.5, 3.0]
    for text in ("301%", "-1", "much"):
        assert read(f"load: {text}")[1] == [f"shadow: load '{text}' is no load"]


def test_when_a_service_counts_as_slow() -> None:
    """A factor of its usual latency that leaves room for jitter, or never."""
    assert [read(f"slow: {text}")[0].slow for text in ("off", "2", "1.5")] == [0.0, 2.0, 1.5]
    for text in ("1", "inf", "often"):
        assert read(f"slow: {text}")[1] == [f"shadow: slow '{text}' is no factor"]


def test_where_the_shadow_stands_besides() -> None:
    """The certificate of its listeners, both files or none, and the address of its proxy; hsts is no affair of it."""
    assert read("tls: {certificate: c.pem, key: c.key}")[0].tls == Tls("c.pem", "c.key", 0)
    assert read("tls: {key: c.key}")[1] == ["shadow: tls: key is given without certificate"]
    assert read("tls: {certificate: c.pem, key: c.key, hsts: off}")[1] == ["shadow: tls: key hsts is not known"]
    assert read("proxy_listen: 127.0.0.1:${PORT}")[0].proxy_listen == "127.0.0.1:18100"
    assert read("proxy_listen: here")[1] == ["shadow: proxy_listen 'here' is no address"]


def test_a_candidate_is_an_address() -> None:
    """A base URL, which makes the gateway one that is not ours."""
    found = read("candidate: https://gw.example:8443")[0]
    assert (found.candidate, found.foreign) == ("https://gw.example:8443", True)
    assert not read("{}")[0].foreign
    assert len(read("candidate: gw.example")[1]) == 1


def test_a_limit_of_the_platform() -> None:
    """Requests in a time, a minute unless said otherwise; without the key there is none."""

    def limit(text: str) -> tuple[PlatformLimit | None, list[str]]:
        findings = Findings()
        section = Section.of("route a", parse(text), findings)
        return read_platform_limit(section), [problem.message for problem in findings.problems]

    assert limit("{}") == (None, [])
    assert limit("platform_limit: {rate: 60}") == (PlatformLimit(60.0, 60.0), [])
    assert limit("platform_limit: {rate: 5, per: 1h}") == (PlatformLimit(5.0, 3600.0), [])
    assert limit("platform_limit: {per: 1h}")[1] == ["route a: platform_limit: rate is missing"]
    assert limit("platform_limit: {rate: 0}")[1] == ["route a: platform_limit: rate '0' is not acceptable"]
