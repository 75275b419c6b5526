"""The one error tree.

CutoverError
├── UsageError        exit 2   the command was called wrongly
├── ConfigError       exit 3   cutover.yaml, a key file, the store or a recording is not usable
├── UnreachableError  exit 4   something needed does not answer, or an address is taken
└── RefusedError      exit 1   a decision: not ready, not allowed, changed meanwhile

Raised anywhere, mapped once at each boundary: `migrate.cli` prints one line and exits with `exit_code`.
"""

from __future__ import annotations


class CutoverError(Exception):
    """Something the user is told in one line: what is wrong, where, and what to do."""

    exit_code = 1


class UsageError(CutoverError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class ConfigError(CutoverError):
    """A file that Cutover needs is missing, broken or from another version."""

    exit_code = 3


class UnreachableError(CutoverError):
    """A process, port or host that is needed does not answer."""

    exit_code = 4


class RefusedError(CutoverError):
    """The request is understood and the answer is no."""

    exit_code = 1
