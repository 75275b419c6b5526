"""Shipped route tables."""

from migrate.presets.write import keep, names, preset_text, write

__all__ = ["keep", "names", "preset_text", "write"]
