"""cutover.yaml to a frozen RouteTable, every error at once."""
