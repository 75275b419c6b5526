"""The stand-in platform: five services, the sidecar and a control port as real servers in one process."""

from migrate.demo.platform.launch import Platform, running
from migrate.demo.platform.seed import Seed

__all__ = ["Platform", "Seed", "running"]
