"""`python -m migrate.demo.platform`: one JSON line with the addresses, then quiet until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import sys

from gateway.core.errors import CutoverError, UsageError
from migrate.demo.platform.launch import INTERNAL_KEY, JWT_SECRET, SERVICES
from migrate.demo.platform.planting import plant
from migrate.demo.platform.seed import Seed
from migrate.demo.platform.serve import run
from migrate.demo.platform.world import SETTLE_SECONDS, World


def parse_ports(text: str) -> dict[str, int]:
    """`filtration=8000,control=9000` as a mapping.

    Raises:
        UsageError: a name is no service, or a port no number.
    """
    ports: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, port = part.partition("=")
        if name not in (*SERVICES, "control") or not port.isdecimal():
            raise UsageError(f"--ports wants NAME=PORT with NAME one of {', '.join(SERVICES)}, control; not {part}")
        ports[name] = int(port)
    return ports


def main(arguments: list[str]) -> None:
    """Parse, build the world, serve."""
    parser = argparse.ArgumentParser(prog="python -m migrate.demo.platform", description=__doc__)
    parser.add_argument("--ports", default="", help="NAME=PORT,…; services without a port get a free one")
    parser.add_argument("--jwt-secret", default=JWT_SECRET)
    parser.add_argument("--internal-key", default=INTERNAL_KEY)
    parser.add_argument("--login-limit", type=int, default=5, help="logins per 60 s, user and address")
    parser.add_argument("--settle-seconds", type=float, default=SETTLE_SECONDS, help="until the worker's turn")
    parser.add_argument("--seed", default="{}", help="JSON object over the fields of Seed")
    parser.add_argument("--while-stdin-is-open", action="store_true", help="stop when standard input closes")
    given = parser.parse_args(arguments)
    world = World(
        jwt_secret=given.jwt_secret,
        internal_key=given.internal_key,
        login_limit=given.login_limit,
        settle_seconds=given.settle_seconds,
    )
    plant(world, Seed.from_json(given.seed))
    run(world, parse_ports(given.ports), while_stdin_is_open=given.while_stdin_is_open)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CutoverError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
