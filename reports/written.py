"""A report put into a file, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a file as UTF-8; an older one stays until the new one is complete. Pipes and devices are written to.

    Raises:
        ConfigError: it cannot be written there.
    """
    content = (text if text.endswith("\n") else text + "\n").encode()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: the report cannot be written: {error.strerror}; choose another file") from None
