"""The uploader: sends documents to the knowledge base, as a form with a file."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.mapping import to_gateway
from loadtests.calls import Ready
from loadtests.catalogue import UPLOAD
from loadtests.documents import document
from loadtests.users.platform_user import ACCEPT, PlatformUser

if TYPE_CHECKING:
    from gateway.core.routes import Route

_KIND_REFUSED = 400
_SIZES = (2_000, 20_000, 200_000, 1_000_000)
"""Bytes of the documents; the platform takes up to 50 MB."""


def upload(user: PlatformUser) -> None:
    """Send one document. Refused for its kind is what is wanted, unless documents are to be kept."""
    table, kept = user.load.prepared.table, user.load.plan.workload.keep_uploads
    form = document(f"cutover-load-{user.load.plan.workload.run}", random.choice(_SIZES), kept=kept)
    request = Request("POST", UPLOAD.target, (("content-type", form.content_type),), form.body)
    matched = table.legacy(UPLOAD.service).find("POST", UPLOAD.target)
    assert matched is not None  # noqa: S101 - the persona is only there when the table has it
    route: Route = matched.route
    ready = Ready(route, UPLOAD, request, to_gateway(route, matched.parameters, request))
    place = user.load.place(route.id)
    headers = {"Accept": ACCEPT, "Content-Type": form.content_type, **user.credentials(route)}
    address = user.load.address(ready, place.side)
    with user.sent("POST", address, place, headers=headers, data=form.body) as response:
        trouble = user.trouble(response, UPLOAD)
        if not kept and response.status_code == _KIND_REFUSED and b"Unsupported" in (response.content or b""):
            response.success()
        elif trouble:
            response.failure(trouble)
        elif not kept:
            response.failure("a document of a kind nobody takes was stored")


class Uploader(PlatformUser):
    """Somebody who fills the knowledge base."""

    think = (2.0, 6.0)

    def upload(self) -> None:
        """Send one document."""
        upload(self)


Uploader.tasks = [Uploader.upload]
