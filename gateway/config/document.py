"""From a file to a YAML node tree that knows its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from gateway.config.problem import Wrong

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 4 * 1024 * 1024
_INIT = "write one with: cutover init"


class WrongAt(Wrong):
    """Something wrong at a line of the file."""

    def __init__(self, line: int, message: str, mend: str) -> None:
        super().__init__(message, mend)
        self.line = line


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        Wrong: it is missing, unreadable, too large, no text, or empty.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise Wrong("no such file", f"{_INIT} --preset inferia, or name another with --config") from None
    except OSError as error:
        raise Wrong(f"cannot be read: {error.strerror}", "it must be a file this user may read") from None
    if len(content) > _LARGEST:
        raise Wrong("larger than 4 MiB", "this is no route table; name another file with --config")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Wrong("not a text file (UTF-8)", "name the route table with --config")
    if not text.strip():
        raise Wrong("the file is empty", f"{_INIT} --preset inferia --force")
    return text


def parse(text: str) -> yaml.Node:
    """The node tree of one YAML document.

    Raises:
        Wrong: the text is no YAML, or holds no document or more than one.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise WrongAt(line, f"not valid YAML: {error.problem or error.context}", _mend(error.problem or "")) from None
    except yaml.YAMLError as error:
        raise Wrong(f"not valid YAML: {getattr(error, 'reason', 'it cannot be read')}", "remove it") from None
    except RecursionError:
        raise Wrong("nested too deeply", "this is no route table; name another file with --config") from None
    if node is None:
        raise Wrong("the file holds comments only", f"{_INIT} --preset inferia --force")
    return node


def _mend(problem: str) -> str:
    if "\\t" in problem:
        return "indent with spaces, not tabs"
    if "got '{'" in problem:
        return 'inside brackets put paths with {parameters} in quotes: ["GET /pools/{id}"]'
    if "alias" in problem:
        return "define it with &name above, or write the values out"
    if "document" in problem:
        return "keep one document in the file (no '---' inside)"
    return "look at the indentation, quotes and brackets of this line and the one above"
