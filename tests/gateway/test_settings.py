from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError
from gateway.settings import jwt_secrets, load_settings

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {"CUTOVER_JWT_SECRET": "j" * 32, "CUTOVER_INTERNAL_KEY": "internal-key"}


def test_secrets_come_from_the_environment_and_keys_from_beside_the_store(tmp_path: Path) -> None:
    """Five different keys are made once and found again."""
    first = load_settings(tmp_path / "cutover.db", SECRETS)
    again = load_settings(tmp_path / "cutover.db", SECRETS)
    assert (first.jwt_secret, first.internal_key, first.access_log) == ("j" * 32, "internal-key", False)
    keys = {first.mark_key, first.ticket_key, first.fingerprint_key, first.answers_key, first.context_key}
    assert keys == {again.mark_key, again.ticket_key, again.fingerprint_key, again.answers_key, again.context_key}
    assert len(keys) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "answers.key",
        "context.key",
        "fingerprint.key",
        "mark.key",
        "ticket.key",
    ]


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """The text form holds neither secrets nor keys."""
    settings = load_settings(tmp_path / "cutover.db", SECRETS)
    shown = repr(settings)
    assert "j" * 32 not in shown
    assert "internal-key" not in shown
    assert repr(settings.mark_key) not in shown


def test_every_missing_secret_is_named_at_once(tmp_path: Path) -> None:
    """One message says what to set, and what it is for."""
    with pytest.raises(ConfigError, match=r"CUTOVER_JWT_SECRET is not set.*; CUTOVER_INTERNAL_KEY is not set"):
        load_settings(tmp_path / "cutover.db", {})
    assert not list(tmp_path.iterdir())


def test_a_short_secret_is_refused_without_showing_it(tmp_path: Path) -> None:
    """HS256 needs 32 characters (RFC 7518 §3.2)."""
    with pytest.raises(ConfigError, match="shorter than 32") as refusal:
        load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_JWT_SECRET": "hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_the_secret_before_may_be_given_while_the_secret_is_replaced(tmp_path: Path) -> None:
    """It is held to the same length, and not shown."""
    both = {**SECRETS, "CUTOVER_JWT_SECRET_PREVIOUS": "p" * 32}
    settings = load_settings(tmp_path / "cutover.db", both)
    assert settings.jwt_secret_previous == "p" * 32
    assert settings.jwt_secrets == jwt_secrets(both) == (SECRETS["CUTOVER_JWT_SECRET"], "p" * 32)
    assert jwt_secrets({}) == ()
    assert "p" * 32 not in repr(settings)
    with pytest.raises(ConfigError, match="CUTOVER_JWT_SECRET_PREVIOUS is shorter than 32"):
        load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_JWT_SECRET_PREVIOUS": "p"})


def test_the_context_key_may_come_from_the_environment(tmp_path: Path) -> None:
    """Then several gateways sign alike, and no file is made; a short one is refused without showing it."""
    given = {**SECRETS, "CUTOVER_CONTEXT_KEY": "ab" * 32}
    assert load_settings(tmp_path / "cutover.db", given).context_key == bytes.fromhex("ab" * 32)
    assert not (tmp_path / "context.key").exists()
    with pytest.raises(ConfigError, match="CUTOVER_CONTEXT_KEY is shorter") as refusal:
        load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_CONTEXT_KEY": "hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_the_access_log_is_asked_for(tmp_path: Path) -> None:
    """CUTOVER_ACCESS_LOG turns it on."""
    assert load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_ACCESS_LOG": "1"}).access_log


def test_the_clock_runs_unless_a_replay_sets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CUTOVER_CLOCK_AT moves the clock with a warning; nonsense is refused."""
    usual = load_settings(tmp_path / "cutover.db", SECRETS)
    assert abs(usual.clock() - time.time()) < 5
    moved = load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_CLOCK_AT": "2026-01-31T12:00:00"})
    assert 0 <= moved.clock() - 1_769_860_800 < 5
    assert "WARNING" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="ISO time"):
        load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_CLOCK_AT": "noon"})


def test_redis_address_is_checked_and_never_shown(tmp_path: Path) -> None:
    """An address of another kind is refused without being repeated, and repr hides a good one."""
    wrong = {**SECRETS, "CUTOVER_REDIS_URL": "http://:hunter2@somewhere"}
    with pytest.raises(ConfigError, match="CUTOVER_REDIS_URL") as told:
        load_settings(tmp_path / "store.db", wrong)
    assert "hunter2" not in str(told.value)
    good = {**SECRETS, "CUTOVER_REDIS_URL": "redis://:hunter2@somewhere:6379/0"}
    assert "hunter2" not in repr(load_settings(tmp_path / "store.db", good))


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "ümlaut"])
def test_the_service_token_can_stand_in_a_header(tmp_path: Path, text: str) -> None:
    """It is taken as it is, and never shown."""
    good = load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_SERVICE_TOKEN": "abc.def"})
    assert good.service_token == "abc.def"
    assert "abc.def" not in repr(good)
    with pytest.raises(ConfigError, match="CUTOVER_SERVICE_TOKEN is no bearer token") as refused:
        load_settings(tmp_path / "cutover.db", {**SECRETS, "CUTOVER_SERVICE_TOKEN": text})
    assert text not in str(refused.value)
