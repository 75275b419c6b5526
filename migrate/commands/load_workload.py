"""The options of `cutover loadtest run` that say who loads the platform with what, and how locust runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from loadtests.personas import PERSONAS
from loadtests.runners import PORT, Runners
from loadtests.workload import DECLARED, Workload, persona_weights
from migrate.observed_mix import observed_mix

if TYPE_CHECKING:
    import sqlite3

    from gateway.core.table import RouteTable

Personas = Annotated[
    list[str] | None,
    typer.Option(
        "--persona",
        metavar="NAME=WEIGHT,…",
        help=f"Who: {', '.join(PERSONAS)}. `api` creates an API key unless CUTOVER_LOAD_API_KEY is set.",
    ),
]
Mix = Annotated[
    str,
    typer.Option("--mix", help="declared (personas), observed (counts in the store), or a .har or .flow file."),
]
Writes = Annotated[
    bool, typer.Option("--writes", help="Let a mix create and delete things; none is left behind. Off: reads only.")
]
KeepUploads = Annotated[
    bool, typer.Option("--keep-uploads", help="Store what `uploader` sends; the platform cannot delete documents.")
]
Processes = Annotated[int, typer.Option("--processes", help="Worker processes on this machine.")]
Workers = Annotated[
    list[str] | None,
    typer.Option(
        "--workers", metavar="HOST,…", help="Workers elsewhere: tells what to start there; localhost: here."
    ),
]
Expect = Annotated[int, typer.Option("--expect-workers", help="Wait for this many workers, whoever starts them.")]
Bind = Annotated[str, typer.Option("--master-bind", help="Address for workers to come to; default as needed.")]
Port = Annotated[int, typer.Option("--master-port", help="Port for workers to come to.")]
WebUi = Annotated[bool, typer.Option("--web-ui", help="Show locust's web page while the load runs.")]
WebPort = Annotated[int, typer.Option("--web-port", help="Port of locust's web page, on 127.0.0.1.")]

DEFAULT_MIX = DECLARED
DEFAULT_PORT = PORT
DEFAULT_WEB_PORT = 8089


def workload(
    connection: sqlite3.Connection,
    table: RouteTable,
    personas: list[str] | None,
    mix: str,
    *,
    writes: bool,
    keep_uploads: bool,
) -> Workload:
    """What these options ask for.

    Raises:
        UsageError: a persona is unknown, or nothing was observed for the mix.
    """
    weights = persona_weights(personas or ()) or Workload().personas
    counts = observed_mix(mix, connection, table)
    return Workload(weights, counts, writes=writes, keep_uploads=keep_uploads)


def runners(
    processes: int, workers: list[str] | None, expect: int, bind: str, port: int, web_port: int | None
) -> Runners:
    """How locust is to run; for workers elsewhere it is said what to start there.

    Raises:
        UsageError: numbers make no sense, or do not go together.
    """
    hosts = tuple(host.strip() for value in workers or () for host in value.split(",") if host.strip())
    found = Runners(processes, hosts, expect, bind, port, web_port)
    for host in found.elsewhere:
        typer.echo(f"on {host}: cutover loadtest worker --master THIS_HOST:{port}", err=True)
    missing = found.awaited - found.here - len(found.elsewhere)
    if found.leads and missing > 0:
        typer.echo(f"waiting for {missing} workers: cutover loadtest worker --master THIS_HOST:{port}", err=True)
    if web_port is not None:
        typer.echo(f"locust's web page: http://{found.web_host}:{web_port}", err=True)
    return found
