from __future__ import annotations

from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Route, Stage, Target
from gateway.core.subject import Subject
from gateway.flags.flag import Flag, FlagSnapshot

HERE = Target("GET", PathPattern("/x"))
ROUTE = Route("x.get", "one", HERE, HERE, Effect.READ, Access.JWT)


def snapshot(flag: Flag) -> FlagSnapshot:
    """One flag at revision 1."""
    return FlagSnapshot(1, "salt", {flag.route: flag})


def test_a_route_never_touched_stands_in_legacy() -> None:
    """No row is needed for it."""
    assert FlagSnapshot().flag("x.get") == Flag("x.get", Stage.LEGACY)


def test_the_stage_decides_who_serves_the_legacy_path() -> None:
    """Only `gateway` serves everybody; a percentage counts in canary alone."""
    subject = Subject("u1")
    for stage, served in (
        (Stage.LEGACY, False),
        (Stage.SHADOW, False),
        (Stage.GATEWAY, True),
        (Stage.CLOSED, False),
    ):
        flag = Flag("x.get", stage, percent=100.0, named=("user:u1",))
        assert snapshot(flag).serves_gateway(ROUTE, subject) is served


def test_a_canary_serves_its_share_and_who_is_named() -> None:
    """Share, user and organisation each suffice."""
    everybody = snapshot(Flag("x.get", Stage.CANARY, percent=100.0))
    assert everybody.serves_gateway(ROUTE, Subject("u1"))
    few = snapshot(Flag("x.get", Stage.CANARY, named=("user:u1", "org:o1")))
    assert few.serves_gateway(ROUTE, Subject("u1"))
    assert few.serves_gateway(ROUTE, Subject("u2", "o1"))
    assert not few.serves_gateway(ROUTE, Subject("u2", "o2"))


def test_one_person_is_on_one_side_of_a_whole_service() -> None:
    """Routes of one rollout group hold the same subjects at the same share."""
    other = Route("y.get", "one", HERE, HERE, Effect.READ, Access.JWT)
    flags = FlagSnapshot(1, "salt", {name: Flag(name, Stage.CANARY, percent=50.0) for name in ("x.get", "y.get")})
    subjects = [Subject(f"u{number}") for number in range(200)]
    assert [flags.serves_gateway(ROUTE, s) for s in subjects] == [flags.serves_gateway(other, s) for s in subjects]


def test_users_are_named_as_their_tokens_call_them() -> None:
    """Naming a user works where the key is a fingerprint."""
    named = FlagSnapshot(1, "salt", {ROUTE.id: Flag(ROUTE.id, Stage.CANARY, named=("user:a@example.com",))})
    assert named.serves_gateway(ROUTE, Subject("fp:1", claimed="a@example.com"))
    assert not named.serves_gateway(ROUTE, Subject("fp:2", claimed="b@example.com"))
