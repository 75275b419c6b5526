"""Documents that the uploader sends, as a browser writes them: multipart/form-data (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass

_LINE = b"A line of text that a load test wrote, to be read and thrown away.\n"


@dataclass(frozen=True, slots=True)
class Form:
    """A form on the wire: its content type with the boundary, and its body."""

    content_type: str
    body: bytes


def document(name: str, size: int, *, kept: bool) -> Form:
    """A form with a file of about `size` bytes in the collection of this name.

    Unless it is to be kept, the file is of a kind that the data service refuses after it has read it all: the
    platform has no way to delete a document, so a load test that stores none is one that can be undone.
    """
    boundary = f"----{name}"
    text = (_LINE * (size // len(_LINE) + 1))[:size]
    parts = (
        (f'name="file"; filename="{name}.{"txt" if kept else "load"}"\r\nContent-Type: text/plain', text),
        ('name="collection_name"', name.encode()),
    )
    head = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {described}\r\n\r\n".encode() + content + b"\r\n"
        for described, content in parts
    )
    return Form(f"multipart/form-data; boundary={boundary}", head + f"--{boundary}--\r\n".encode())
