"""Security probes, made from outside and derived from the route table."""
