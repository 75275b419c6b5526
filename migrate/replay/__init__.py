"""The closed replay: a player as upstream, the recording's clock, and a client in front of the gateway under test."""
