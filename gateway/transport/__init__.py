"""A small HTTP/1.1 client: raw targets and header bytes, streams both ways, a pool without dead connections."""
