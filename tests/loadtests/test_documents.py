from __future__ import annotations

import pytest

from loadtests.documents import document
from migrate.demo.platform.documents import refused_upload
from migrate.demo.platform.multipart import parse


@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_a_form_is_read_as_it_is_written(size: int) -> None:
    """The platform finds the file with its content and the collection."""
    form = document("cutover-load-r1", size, kept=True)
    fields = parse(form.content_type, form.body)
    assert (fields["file"].filename, len(fields["file"].content)) == ("cutover-load-r1.txt", size)
    assert fields["collection_name"].content == b"cutover-load-r1"


def test_only_documents_that_are_to_be_kept_are_of_a_kind_that_is_stored() -> None:
    """Others are read to their end and then refused for their kind, so that nothing has to be deleted."""
    names = [parse(form.content_type, form.body)["file"].filename or "" for form in (
        document("n", 10, kept=True), document("n", 10, kept=False),
    )]  # fmt: skip
    assert refused_upload(names[0], b"x") is None
    refusal = refused_upload(names[1], b"x")
    assert refusal is not None
    assert (refusal[0], "Unsupported" in refusal[1]) == (400, True)
