"""One write for one Idempotency-Key, whichever path its attempts take (draft-ietf-httpapi-idempotency-key-header)."""
