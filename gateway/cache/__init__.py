"""Answers that serve more than one request of the same caller: kept (RFC 9111), or joined while in flight."""
