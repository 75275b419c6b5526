"""Defects of what is written: the body that the service gets, found by dry runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.apps.faulty_gateway import without
from tests.catalogue.defect import UPSTREAM, Defect
from tests.catalogue.rig import Asked
from tests.catalogue.sends import CREATE, JSON, SAVE, requesting

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request
    from gateway.handle import Parts

FORM = Asked(
    "notes", "POST", "/search", "", (("Content-Type", "application/x-www-form-urlencoded"),), b"tag=a&tag=b&q=x+y%2Bz"
)
MULTIPART = ("Content-Type", "multipart/form-data; boundary=frontier")
_PART = b'--frontier\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
UPLOAD = Asked(
    "notes",
    "POST",
    "/upload",
    "",
    (MULTIPART,),
    _PART % (b"file", b'; filename="a.txt"\r\nContent-Type: text/plain', b"content")
    + _PART % (b"collection", b"", b"handbook")
    + b"--frontier--\r\n",
)
STOP = Asked(
    "orchestration", "POST", "/deployment/terminate", "admin", (JSON,), b'{"deployment_id":"{running_deployment}"}'
)


def _body(change: Callable[[bytes], bytes]) -> Callable[[], Parts]:
    return requesting(lambda request: _with_body(request, change(request.body)))


def _document(change: Callable[[Any], Any]) -> Callable[[], Parts]:
    return _body(lambda content: json.dumps(change(json.loads(content))).encode())


def _with_body(request: Request, content: bytes) -> Request:
    headers = (*without(request.headers, "content-length"), ("content-length", str(len(content))))
    return replace(request, body=content, headers=headers)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "moved-wrong",
        "a parameter that moves reaches another place",
        STOP,
        UPSTREAM,
        ("upstream.body:$.deployment_id missing", "upstream.body:$.id extra"),
        _document(lambda said: {"id": said["deployment_id"]}),
    ),
    Defect(
        "lost-member",
        "a member of a written document is lost",
        CREATE,
        UPSTREAM,
        ("upstream.body:$.role missing",),
        _document(lambda said: {"email": said["email"]}),
    ),
    Defect(
        "null-dropped",
        "a null in a written document is left out",
        SAVE,
        UPSTREAM,
        ("upstream.body:$.draft missing",),
        _document(lambda said: {name: value for name, value in said.items() if value is not None}),
    ),
    Defect(
        "text-for-number",
        "a number is written as a text",
        SAVE,
        UPSTREAM,
        ("upstream.body:$.n type",),
        _document(lambda said: {**said, "n": "1.5"}),
    ),
    Defect(
        "sorted-list",
        "a written list is sorted",
        SAVE,
        UPSTREAM,
        ("upstream.body:$.tags order",),
        _document(lambda said: {**said, "tags": said["tags"][::-1]}),
    ),
    Defect(
        "empty-write",
        "a write arrives without its body",
        SAVE,
        UPSTREAM,
        ("upstream.body missing",),
        _body(lambda _content: b""),
    ),
    Defect(
        "form-repetition",
        "of a repeated field in a form one survives",
        FORM,
        UPSTREAM,
        ("upstream.body:tag count (lost-repetition)",),
        _body(lambda content: content.replace(b"tag=a&", b"")),
    ),
    Defect(
        "form-plus",
        "a plus in a form becomes a space",
        FORM,
        UPSTREAM,
        ("upstream.body:q changed",),
        _body(lambda content: content.replace(b"%2B", b"+")),
    ),
    Defect(
        "lost-part",
        "a part of an upload is lost",
        UPLOAD,
        UPSTREAM,
        ("upstream.body:collection missing",),
        _body(lambda content: content.replace(_PART % (b"collection", b"", b"handbook"), b"")),
    ),
    Defect(
        "renamed-file",
        "an upload loses its file name",
        UPLOAD,
        UPSTREAM,
        ("upstream.body:file.content-disposition changed",),
        _body(lambda content: content.replace(b'; filename="a.txt"', b"")),
    ),
    Defect(
        "changed-file",
        "line ends of an uploaded file change",
        UPLOAD,
        UPSTREAM,
        ("upstream.body:file.content changed",),
        _body(lambda content: content.replace(b"content\r", b"content\n\r")),
    ),
)
