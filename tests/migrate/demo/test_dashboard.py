from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from migrate.demo.dashboard import Dashboard, UnexpectedAnswerError
from migrate.demo.platform import Platform, running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """A platform that lets the session sign in again and again."""
    with running(login_limit=1000) as made:
        yield made


@pytest.fixture
def dashboard(platform: Platform) -> Iterator[Dashboard]:
    """A dashboard that calls the services directly."""
    made = Dashboard(platform.urls, platform.urls["sidecar"], platform.seed)
    yield made
    made.close()


def test_the_session_can_be_played_again_and_again(platform: Platform, dashboard: Dashboard) -> None:
    """Two rounds meet no unexpected answer, and the first one enrols for TOTP."""
    platform.forget()
    for _ in range(2):
        for page in dashboard.pages():
            page.visit()
    assert dashboard.totp_secret
    assert dashboard.calls == len(platform.deliveries())


def test_an_unexpected_answer_names_the_call(platform: Platform) -> None:
    """A wrong password is one line with the call and what came back."""
    stranger = Dashboard(
        platform.urls, platform.urls["sidecar"], replace(platform.seed, admin_password="wrong"), totp_secret="A" * 32
    )
    with pytest.raises(UnexpectedAnswerError, match="POST /auth/login on filtration answered 401, not 403"):
        stranger.sign_in()
    stranger.close()
