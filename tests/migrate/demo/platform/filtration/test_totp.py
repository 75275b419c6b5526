"""The second factor."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pyotp

from migrate.demo.platform.filtration.totp import portrait

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call


async def test_enrolment_takes_a_code_of_the_latest_secret(call: Call, world: World, seed: Seed) -> None:
    """Each setup overwrites the secret; a wrong code is 400, the right one enables, disable takes it back."""
    first = (await call("filtration", "POST", "/auth/totp/setup", who="admin")).json()["secret"]
    second = (await call("filtration", "POST", "/auth/totp/setup", who="admin")).json()["secret"]
    assert first != second

    async def verify(code: str) -> tuple[int, object]:
        answer = await call("filtration", "POST", "/auth/totp/verify", who="admin", json={"totp_code": code})
        return answer.status_code, answer.json()

    assert await verify("000000") == (400, {"detail": "Invalid Code"})
    assert await verify(pyotp.TOTP(second).now()) == (200, {"status": "enabled"})
    admin = world.users.get(seed.admin)
    assert admin is not None
    assert admin.totp_enabled
    assert (await call("filtration", "POST", "/auth/totp/disable", who="admin")).json() == {"status": "disabled"}


async def test_a_code_before_setup_is_400(call: Call) -> None:
    """There is no secret to check against."""
    answer = await call("filtration", "POST", "/auth/totp/verify", who="member", json={"totp_code": "123456"})
    assert (answer.status_code, answer.json()) == (400, {"detail": "TOTP not set up"})


def test_the_picture_is_a_png_of_the_secret() -> None:
    """Different secrets have different pictures."""
    assert portrait("a").startswith(b"\x89PNG\r\n\x1a\n")
    assert portrait("a") == portrait("a") != portrait("b")
    assert base64.b64encode(portrait("a")).startswith(b"iVBOR")
