from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from gateway.config.document import parse, read_text
from gateway.config.problem import Wrong

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x00\x01\x02", "not a text file"),
        (b"\xff\xfe", "not a text file"),
        (b"a: 1\x00", "not a text file"),
        (b"#" * (4 * 1024 * 1024 + 1), "larger than 4 MiB"),
    ],
)
def test_a_file_that_is_no_text_says_so(tmp_path: Path, content: bytes, reason: str) -> None:
    """One reason and one mend."""
    path = tmp_path / "cutover.yaml"
    path.write_bytes(content)
    with pytest.raises(Wrong, match=reason) as wrong:
        read_text(path)
    assert wrong.value.mend


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    """A newcomer is told about init."""
    with pytest.raises(Wrong, match="no such file") as wrong:
        read_text(tmp_path / "cutover.yaml")
    assert "cutover init" in wrong.value.mend


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """What cannot be read says why."""
    with pytest.raises(Wrong, match="cannot be read: Is a directory"):
        read_text(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    path = tmp_path / "cutover.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")
    assert read_text(path) == "version: 1\n"


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "brackets"),
        ("a: [GET /pools/{id}]\n", 1, 'in quotes: ["GET /pools/{id}"]'),
        ("a: 1\n\tb: 2\n", 2, "tabs"),
        ("a: *nobody\n", 1, "&name"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ('a: "open\n', 2, "quotes"),
    ],
)
def test_a_syntax_error_names_its_line(text: str, line: int, mend: str) -> None:
    """And what to look at."""
    with pytest.raises(Wrong, match="not valid YAML") as wrong:
        parse(text)
    assert getattr(wrong.value, "line", 0) == line
    assert mend in wrong.value.mend


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[" * 5000, "nested too deeply"), ("# nothing\n", "comments"), ("a: \x1b\n", "not valid YAML")],
)
def test_odd_documents_are_refused_in_words(text: str, reason: str) -> None:
    """Depth, emptiness and control characters."""
    with pytest.raises(Wrong, match=reason):
        parse(text)


def test_a_document_is_a_tree_that_knows_its_lines() -> None:
    """Lines count from the first."""
    node = parse("# comment\na: 1\n")
    assert isinstance(node, yaml.MappingNode)
    assert node.value[0][0].start_mark.line == 1
