from __future__ import annotations

from gateway.core.routes import Stage
from gateway.core.subject import Subject
from shadow.plan import Copying, Plan, Side


def test_a_plan_without_a_route_leaves_everything_to_legacy() -> None:
    """What is not matched is served by legacy, is not copied, and stands in no stage."""
    plan = Plan("svc", Subject("192.0.2.1"))
    assert (plan.side, plan.copying, plan.route_id, plan.stage) == (Side.LEGACY, Copying.NONE, "", Stage.LEGACY)


def test_a_copy_is_not_copied_again() -> None:
    """A plan without its copy serves as before and counts as a loop; one that had none stays as it is."""
    plan = Plan("svc", Subject("192.0.2.1"), side=Side.GATEWAY, copying=Copying.SERVED)
    assert plan.without_copy() == Plan("svc", Subject("192.0.2.1"), side=Side.GATEWAY, reason="loop")
    assert Plan("svc", Subject("x"), reason="why").without_copy().reason == "why"
