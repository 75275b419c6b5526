from __future__ import annotations

from gateway.core.credentials import ApiKeys, Introspect
from gateway.core.credentials import Credentials as Checked
from gateway.core.exchange import Failure, Response
from gateway.core.routes import Stage
from migrate.probe.credentials import Credentials
from migrate.probe.sample import sample, with_headers
from migrate.probe.setting import credential, is_dry_run, status_of
from tests.apps.probed import probed, small


async def test_a_dry_run_delivers_nothing() -> None:
    """The answer is the request that would be sent; the service sees none."""
    async with probed(small()) as at:
        route = at.route("pools.create")
        request = with_headers(sample(route, ("org-1",)), *(credential(at.setting, route) or ()))
        assert is_dry_run(await at.setting.dry_run(route, request))
        assert at.upstream.seen == []


async def test_standing_is_that_of_the_flags() -> None:
    """Served from canary on; transparent before, once it has been there; read in public only when served."""
    async with probed(small(), stage=Stage.SHADOW, left_shadow=True) as at:
        assert (at.setting.served(at.route("health")), at.setting.transparent(at.route("health"))) == (False, True)
        assert not at.setting.readable(at.route("pools.list"))
    async with probed(small(), stage=Stage.CANARY) as at:
        assert (at.setting.served(at.route("health")), at.setting.transparent(at.route("health"))) == (True, False)
        readable = {route.id for route in at.setting.table.routes if at.setting.readable(route)}
        assert {"pools.list", "models"} <= readable
        assert not readable & {"pools.create", "chat", "login", "socket"}


async def test_each_access_has_its_credential() -> None:
    """A made-up key for keys, the token for tokens, nothing for all; None when no token is known."""
    async with probed(small(), credentials=Credentials("a.b.c")) as at:
        assert credential(at.setting, at.route("models")) == (("Authorization", "Bearer sk-cutover-probe"),)
        assert credential(at.setting, at.route("pools.get")) == (("Authorization", "Bearer a.b.c"),)
        assert credential(at.setting, at.route("health")) == ()
    async with probed(small(), credentials=Credentials()) as at:
        assert credential(at.setting, at.route("pools.get")) is None


async def test_where_keys_are_asked_about_one_must_hold() -> None:
    """A made-up one would be refused, so without a real one there is none."""
    table = small(credentials=Checked(api_keys=ApiKeys(Introspect("front", "GET", "/check"))))
    async with probed(table, credentials=Credentials()) as at:
        assert credential(at.setting, at.route("models")) is None
    async with probed(table, credentials=Credentials(api_key="sk-real")) as at:
        assert credential(at.setting, at.route("models")) == (("Authorization", "Bearer sk-real"),)


def test_a_missing_answer_says_why() -> None:
    """A status is its number."""
    assert status_of(Response(200)) == "200"
    assert status_of(Failure("timeout", "too late")) == "no answer: too late"
    assert not is_dry_run(Failure("timeout"))
