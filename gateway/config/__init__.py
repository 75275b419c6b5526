"""`cutover.yaml` to a frozen RouteTable; every problem of a bad file at once."""

from gateway.config.load import load_table, named_files, problems
from gateway.config.named import NamedFiles
from gateway.config.problem import Problem

__all__ = ["NamedFiles", "Problem", "load_table", "named_files", "problems"]
