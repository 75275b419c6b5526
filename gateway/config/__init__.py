"""`cutover.yaml` to a frozen RouteTable; every problem of a bad file at once."""

from gateway.config.load import load_table, problems
from gateway.config.problem import Problem

__all__ = ["Problem", "load_table", "problems"]
