from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.app import build_app
from gateway.core.exchange import Request, Response
from gateway.core.mark import QUESTION_HEADER
from gateway.core.permissions import Permissions, Refresh
from gateway.core.routes import Access, Authorization, Lookup
from migrate.replay.client import ask
from migrate.replay.closed import play
from migrate.replay.player import playing
from migrate.replay.questions import Questions, is_question
from migrate.replay.under_test import Keys
from shadow.replay import place_all
from tests.apps.played import TABLE, entry
from tests.apps.table import place, token

if TYPE_CHECKING:
    from gateway.core.table import RouteTable
    from shadow.recording.recorded import Recorded
    from shadow.replay import Placed

OWNER = Lookup("notes.get", ("org", "id"), place("path.id"))
LIST = Lookup("notes.list", ("notes", "id"), place("path.id"), member=True)
BODY = Lookup("notes.list", ("id",), place("body.note_id"), member=True)
QUERY = Lookup("notes.list", ("id",), place("query.note"), member=True)
SECRET = "test-jwt-secret-key-0123456789abcdef0123456789"
ROLES = Permissions({"admin": ("*",), "idle": ()}, "", Refresh("notes", "/roles", role="admin"))


def guarded(*lookups: Lookup) -> RouteTable:
    """The table of notes with roles, where ending a note asks for them and for its owner."""
    changes: dict[str, dict[str, Any]] = {
        "notes.end": {"access": Access.JWT, "permission": "note:end", "lookups": lookups},
        "notes.list": {"scope": (place("query.org"),)},
    }
    routes = tuple(replace(route, **changes.get(route.id, {})) for route in TABLE.routes)
    services = {name: replace(item, authorization=Authorization.STRIP) for name, item in TABLE.services.items()}
    return replace(TABLE, routes=routes, services=services, policy=replace(TABLE.policy, permissions=ROLES))


def session(*entries: Recorded, table: RouteTable) -> tuple[Placed, ...]:
    """Exchanges with their routes."""
    return tuple(place_all(entries, table))


def ending(number: int = 9, status: int = 200, roles: tuple[str, ...] = ("admin",)) -> Recorded:
    """Ending note n1, as its owner did."""
    signed = token(SECRET, roles=list(roles), exp=10**10)
    headers = (("Authorization", f"Bearer {signed}"),)
    return entry("POST", "/end", b'{"note_id":"n1"}', number=number, status=status, headers=headers)


def asked(target: str, kind: str = "owner") -> Request:
    """A question of the gateway's."""
    return Request("GET", target, ((QUESTION_HEADER, kind),))


def said(lookup: Lookup, *entries: Recorded, target: str = "", about: Recorded | None = None) -> Response:
    """What is answered to a lookup while note n1 is ended."""
    table, one = guarded(lookup), about or ending()
    questions = Questions(session(*entries, table=table), table)
    sent = Request("POST", "/api/v1/notes/n1/end?note=n1", (), b'{"note_id":"n1"}')
    questions.about(one.exchange, sent)
    return questions.answer("notes", asked(target or ("/notes" if lookup.member else "/notes/n1")))


def test_a_question_is_told_from_a_request() -> None:
    """By its header, which no client's request keeps."""
    assert is_question(asked("/x"))
    assert not is_question(Request("GET", "/x"))


def test_what_the_recording_says_is_said() -> None:
    """The answer nearest in time, where it says something."""
    entries = (
        entry("GET", "/notes/n1", number=1, answer=b'{"org":{"id":"old"}}'),
        entry("GET", "/notes/n1", number=8, answer=b'{"org":{"id":"near"}}'),
        entry("GET", "/notes/n1", number=9, answer=b"broken", status=500),
        entry("GET", "/notes/n2", number=9, answer=b'{"org":{"id":"other"}}'),
    )
    assert said(OWNER, *entries).body == b'{"org":{"id":"near"}}'
    gone = entry("GET", "/notes/n1", number=9, status=404)
    assert said(OWNER, *entries, gone).status == 404


@pytest.mark.parametrize(
    ("lookup", "document"),
    [
        (OWNER, {"org": {"id": "org-1"}}),
        (LIST, {"notes": [{"id": "n1"}]}),
        (BODY, [{"id": "n1"}]),
        (QUERY, [{"id": "n1"}]),
    ],
)
def test_what_it_does_not_say_belongs_to_who_asked(lookup: Lookup, document: Any) -> None:
    """Legacy served it, so that it was there and theirs."""
    assert json.loads(said(lookup).body) == document


def test_what_was_not_there_is_not_there() -> None:
    """Where legacy said so."""
    gone = ending(status=404)
    assert said(OWNER, about=gone).status == 404
    assert json.loads(said(LIST, about=gone).body) == []


def test_roles_are_those_of_the_file() -> None:
    """Written out by name, as a platform would."""
    table = guarded(OWNER)
    answer = Questions((), table).answer("notes", asked("/roles", "roles"))
    assert json.loads(answer.body) == [
        {"name": "admin", "permissions": ["note:end"]},
        {"name": "idle", "permissions": []},
    ]


@pytest.mark.parametrize(
    ("target", "kind"), [("/notes/n1", "weather"), ("/nowhere", "owner"), ("/inner", "owner"), ("/notes", "owner")]
)
def test_other_questions_have_no_answer(target: str, kind: str) -> None:
    """Nothing is made up for what no route looks up."""
    table = guarded(OWNER)
    questions = Questions((), table)
    assert questions.answer("notes", asked(target, kind)).status == 404
    questions.about(ending().exchange, Request("POST", "/api/v1/notes/n1/end"))
    assert questions.answer("notes", asked(target, kind)).status == 404


async def test_a_question_is_no_delivery() -> None:
    """The player answers it beside the exchange, or between two."""
    table = guarded(OWNER)
    question = Request("GET", "/roles", (("Host", "h"), (QUESTION_HEADER, "roles")))
    async with playing({"notes": "127.0.0.1:0"}) as player:
        player.questions = Questions((), table)
        cue = player.cue(ending().exchange)
        answer = await ask(player.addresses["notes"], question, deadline=5)
        assert isinstance(answer, Response)
        assert (answer.status, cue.calls, player.stray) == (200, [], [])


@pytest.mark.parametrize("lookup", [OWNER, LIST])
async def test_a_guarded_session_plays_clean(lookup: Lookup) -> None:
    """Owners and roles are asked for, and legacy's answer comes back, also where the note was gone."""
    table = guarded(lookup)
    entries = session(ending(1), ending(2, status=404), table=table)
    outcome = await play(entries, table, build_app, Keys(SECRET, "i" * 40))
    assert outcome.to_json()["mismatches"] == []
    assert outcome.stray == ()
    assert [one.observation and one.observation.refused for one in outcome.played] == [0, 404]


async def test_a_role_that_may_not_is_seen() -> None:
    """Legacy let it; the gateway does not, and nobody declared that."""
    table = guarded(OWNER)
    outcome = await play(session(ending(1, roles=("idle",)), table=table), table, build_app, Keys(SECRET, "i" * 40))
    found = outcome.to_json()["mismatches"]
    assert {(one["location"], one["path"]) for one in found} == {("status", "200→403")}
