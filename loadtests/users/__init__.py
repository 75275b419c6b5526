"""One persona per module."""
