"""Accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pyotp
import pytest

from migrate.demo.platform.filtration.auth import code_holds
from tests.migrate.demo.platform.conftest import JWT

if TYPE_CHECKING:
    import httpx

    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def login(call: Call, seed: Seed, address: str = "10.0.0.1", **given: str) -> httpx.Response:
    """The admin's login."""
    body = {"username": seed.admin_email, "password": seed.admin_password} | given
    return await call("filtration", "POST", "/auth/login", json=body, headers={"X-Forwarded-For": address})


async def test_a_login_answers_tokens_and_organisations(call: Call, seed: Seed) -> None:
    """The access token is signed with the platform's secret and carries role and organisation."""
    answer = (await login(call, seed)).json()
    assert list(answer) == ["access_token", "refresh_token", "token_type", "expires_in", "organizations"]
    claims = jwt.decode(answer["access_token"], JWT, ["HS256"])
    assert (claims["roles"], claims["org_id"]) == (["admin"], seed.organisation)
    assert answer["organizations"] == [{"id": seed.organisation, "name": "Default Organization", "role": "admin"}]


async def test_a_wrong_password_is_401_with_a_challenge(call: Call, seed: Seed) -> None:
    """An unknown user is told the same."""
    for given in ({"password": "wrong"}, {"username": "nobody@x.example"}):
        answer = await login(call, seed, **given)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Incorrect username or password"})
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_enrolled_user_needs_a_code(call: Call, world: World, seed: Seed) -> None:
    """Without a code 403 TOTP_REQUIRED, with a wrong one 401, with the right one tokens."""
    world.users.update(seed.admin, totp_secret=SECRET, totp_enabled=True)
    missing = await login(call, seed)
    assert (missing.status_code, missing.json()) == (403, {"detail": "TOTP_REQUIRED"})
    wrong = await login(call, seed, totp_code="000000")
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid 2FA Code"})
    assert (await login(call, seed, totp_code=pyotp.TOTP(SECRET).now())).status_code == 200


async def test_the_sixth_login_in_a_minute_is_429(call: Call, seed: Seed) -> None:
    """Successes count; the answer says for how long; another forwarded address is not locked."""
    assert [(await login(call, seed)).status_code for _ in range(6)] == [200] * 5 + [429]
    locked = await login(call, seed)
    seconds = int(locked.headers["retry-after"])
    assert 290 < seconds <= 300
    assert locked.json() == {"detail": f"Too many login attempts. Try again in {seconds} seconds."}
    assert (await login(call, seed, address="10.0.0.2")).status_code == 200


async def test_registration_is_always_refused(call: Call) -> None:
    """Accounts come by invitation only."""
    answer = await call("filtration", "POST", "/auth/register", json={"email": "a@b.c", "password": "x"})
    assert answer.status_code == 403


async def test_refresh_never_works(call: Call) -> None:
    """Without a token 403, with any token 500."""
    absent = await call("filtration", "POST", "/auth/refresh")
    assert (absent.status_code, absent.json()) == (403, {"detail": "Not authenticated"})
    present = await call("filtration", "POST", "/auth/refresh", who="anything")
    assert (present.status_code, present.json()["error"]) == (500, "internal_server_error")
    assert present.json()["request_id"] != "unknown"


async def test_logout_changes_nothing(call: Call) -> None:
    """The token stays valid."""
    assert (await call("filtration", "POST", "/auth/logout", who="member")).json() == {
        "message": "Successfully logged out",
    }
    assert (await call("filtration", "GET", "/auth/me", who="member")).status_code == 200


async def test_the_account_is_shown_without_its_organisation(call: Call, seed: Seed) -> None:
    """`org_id` is null whoever asks; permissions are null altogether."""
    account = (await call("filtration", "GET", "/auth/me", who="member")).json()
    assert (account["user_id"], account["roles"], account["org_id"]) == (seed.member, ["member"], None)
    answer = await call("filtration", "GET", "/auth/permissions", who="member")
    assert (answer.status_code, answer.text) == (200, "null")


async def test_organisations_can_be_switched_among_one_s_own(call: Call, seed: Seed) -> None:
    """A foreign organisation is 403; pages are cut from one's own."""
    own = await call("filtration", "POST", "/auth/switch-org", who="admin", json={"org_id": seed.organisation})
    assert own.status_code == 200
    body = {"org_id": seed.foreign_organisation}
    assert (await call("filtration", "POST", "/auth/switch-org", who="admin", json=body)).status_code == 403
    assert (await call("filtration", "GET", "/auth/organizations?skip=1", who="admin")).json() == []


@pytest.mark.parametrize(("code", "held"), [("000000", False), ("", False)])
def test_only_present_codes_hold(code: str, *, held: bool) -> None:
    """A code that was not made from the secret does not hold."""
    assert code_holds(SECRET, code) is held
