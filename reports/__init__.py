"""Reports: what the evidence says, as text, JSON and HTML."""
