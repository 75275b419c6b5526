from __future__ import annotations

from dataclasses import replace

from gateway.core.exchange import Exchange, Failure, Frame, Request, Response
from gateway.core.observation import Observation, Verdict
from migrate.replay.delivery import judged, refuses
from migrate.replay.player import Call, Cue

REQUEST = Request("GET", "/x")
OK = Response(200)
MATCH = Observation("o", "r", 0.0, Verdict.MATCH, "read", "replay", "d")


def cue(*services: str, exchange: Exchange | None = None) -> Cue:
    """A played exchange of `main`, delivered to these services."""
    return Cue(exchange or Exchange("e", "main", REQUEST, OK), [Call(service, REQUEST) for service in services])


def places(cued: Cue, answer: Response | Failure = OK) -> list[tuple[str, str, str]]:
    """Location and both values of what is found."""
    found = judged(MATCH, cued, answer)
    assert found.verdict is (Verdict.MISMATCH if found.differences else Verdict.MATCH)
    return [(difference.location, difference.legacy, difference.gateway) for difference in found.differences]


def test_one_delivery_is_right() -> None:
    """An exchange that reached its service once is left as it was judged."""
    assert judged(MATCH, cue("main"), OK) is MATCH


def test_a_second_delivery_is_a_mismatch() -> None:
    """A retry that delivers twice is found although the answer is right."""
    assert places(cue("main", "main")) == [("upstream.deliveries", "1", "2")]


def test_an_answer_nobody_was_asked_for_is_a_mismatch() -> None:
    """The recorded status without a delivery was made up or remembered."""
    assert places(cue()) == [("upstream.deliveries", "1", "0")]


def test_the_gateways_own_answers_need_no_delivery() -> None:
    """Refusals by problem+json, other statuses, failures and preflights are the gateway's own business."""
    problem = Response(200, (("Content-Type", "application/problem+json"),))
    preflight = Request("OPTIONS", "/x", (("Access-Control-Request-Method", "GET"),))
    assert places(cue(), problem) == []
    assert places(cue(), Response(401)) == []
    assert places(cue(), Failure("broken")) == []
    assert places(cue(exchange=Exchange("e", "main", preflight, OK))) == []


def test_another_service_is_named() -> None:
    """A request that went elsewhere says where."""
    assert places(cue("other")) == [("upstream.service", "main", "other")]


def test_a_stream_held_back_is_a_mismatch() -> None:
    """A buffered stream is found by its first event."""
    held = cue("main")
    held.held_back = True
    assert places(held) == [("stream", "at once", "only with what follows")]


def test_frames_that_did_not_reach_the_service_are_counted() -> None:
    """The client's messages have to arrive upstream as they were said."""
    frames = (Frame(from_client=True, text=True, data=b"a"), Frame(from_client=False, text=True, data=b"b"))
    socket = cue("main", exchange=replace(cue().exchange, frames=frames))
    assert places(socket) == [("frame", "1 as sent", "0 delivered")]
    socket.frames.append(frames[0])
    assert places(socket) == []
    refused = cue(exchange=replace(cue().exchange, frames=frames))
    assert places(refused, Response(403)) == []


def test_a_refusal_is_the_gateways_own_word() -> None:
    """Only 401, 403 and 429 as problem+json are the gateway's own refusals."""
    problem = (("content-type", "application/problem+json"),)
    assert refuses(Response(403, problem))
    assert not refuses(Response(403, (("content-type", "application/json"),)))
    assert not refuses(Response(404, problem))
    assert not refuses(Failure("broken"))
