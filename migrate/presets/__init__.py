"""Shipped route tables."""

from migrate.presets.write import names, preset_text, write

__all__ = ["names", "preset_text", "write"]
