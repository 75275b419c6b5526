"""`cutover loadtest run`: put load on the gateway, on legacy or on both, and say whether it held."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing, contextmanager
from pathlib import Path  # noqa: TC003 - Typer reads annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gateway.config import load_table
from gateway.core.errors import UnreachableError, UsageError
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from loadtests import process
from loadtests.plan import LoadPlan, Outputs, unserved
from loadtests.results import GATEWAY, LEGACY
from loadtests.runners import master_address
from loadtests.shapes import Shape
from loadtests.show import progress_line
from loadtests.targets import host_option
from loadtests.worker import work
from migrate.commands import load_options, loadtest_stored
from migrate.commands import load_workload as options
from migrate.commands.disturbing import During, MaxFailed, MaxRecovery, Processes, Restarts, disturbances
from migrate.commands.loadtest_stored import keep, show_result, write_files
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtests.during.order import Disturbances
    from loadtests.process import Progress
    from loadtests.results import LoadResult

Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="URL of the gateway, or SERVICE=URL, instead of the configured."),
]
Owned = Annotated[
    list[str] | None,
    typer.Option("--i-own-this-target", metavar="HOST", help="Allow load on a host beyond the configured."),
]
app = typer.Typer(help="Load tests, judged by exit code.", no_args_is_help=True)

_INTERRUPTED = 130
_QUIET_INTERVAL = 5.0


@app.callback()
def loadtest() -> None:
    """Load tests, judged by exit code."""


@app.command()
def run(
    *,
    target: Annotated[str, typer.Option("--target", help="gateway, legacy or both (alternating).")] = GATEWAY,
    users: Annotated[int, typer.Option("--users", "-u", help="Simulated people.")] = 5,
    run_time: load_options.RunTime = None,
    shape: load_options.ShapeName = Shape.STEADY,
    rate: load_options.Rate = None,
    spike: load_options.Spike = 5.0,
    step: load_options.Step = None,
    spawn_rate: Annotated[float, typer.Option("--spawn-rate", help="Users started a second.")] = 5.0,
    think: Annotated[float, typer.Option("--think", help="Factor on think times; 0 for none.")] = 1.0,
    host: Hosts = None,
    owned: Owned = None,
    objective: load_options.Objective = None,
    p95: load_options.P95 = None,
    p99: load_options.P99 = None,
    max_error_rate: load_options.MaxErrorRate = None,
    max_ratio: load_options.MaxRatio = None,
    max_added: load_options.MaxAdded = None,
    first_token: load_options.FirstToken = None,
    during: During = None,
    process_of: Processes = None,
    restart: Restarts = None,
    max_failed: MaxFailed = None,
    max_recovery: MaxRecovery = None,
    html: load_options.Html = None,
    junit: load_options.Junit = None,
    csv: load_options.Csv = None,
    locust_html: load_options.LocustHtml = None,
    json_file: load_options.JsonFile = None,
    persona: options.Personas = None,
    mix: options.Mix = options.DEFAULT_MIX,
    writes: options.Writes = False,
    keep_uploads: options.KeepUploads = False,
    processes: options.Processes = 0,
    workers: options.Workers = None,
    expect_workers: options.Expect = 0,
    master_bind: options.Bind = "",
    master_port: options.Port = options.DEFAULT_PORT,
    web_ui: options.WebUi = False,
    web_port: options.WebPort = options.DEFAULT_WEB_PORT,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Load the platform as people and programs do, and judge errors and latency per route.

    Who is told by --persona, or by --mix in the proportions that were observed. Nothing is written unless --writes or
    a persona that needs an API key asks for it, and what a load test creates it deletes.

    Credentials come from CUTOVER_LOAD_USERNAME, CUTOVER_LOAD_PASSWORD and CUTOVER_LOAD_TOTP_SECRET, or
    CUTOVER_LOAD_TOKEN. Exit code 0: objectives met; 1: not met; 4: a target or the store does not answer;
    130: interrupted.
    """
    table = load_table(config)
    disturbed = disturbances(
        during, process_of, restart, store=store, max_failed=max_failed, max_recovery=max_recovery
    )
    _refuse_nowhere(html, json_file, junit, locust_html, prefix=csv)
    latencies = {"p95": p95, "p99": p99, "added": max_added, "first_token": first_token}
    with closing(open_store(store)) as connection:
        plan = LoadPlan(
            config=config,
            target=target,
            users=users,
            run_time=load_options.run_time(run_time, shape),
            shape=shape,
            rate=load_options.rate(rate),
            spike=spike,
            step=load_options.seconds(step, "--step") if step else 0.0,
            spawn_rate=spawn_rate,
            think=think,
            hosts=host_option(table, host or ()),
            owned=tuple(owned or ()),
            left_out=() if target == LEGACY else unserved(table, FlagStore(connection).snapshot()),
            objectives=load_options.objectives(table, objective, latencies, errors=max_error_rate, ratio=max_ratio),
            outputs=Outputs(locust_html, csv),
            workload=options.workload(connection, table, persona, mix, writes=writes, keep_uploads=keep_uploads),
            runners=options.runners(
                processes, workers, expect_workers, master_bind, master_port, web_port if web_ui else None
            ),
        )
        result, stopped = _loaded(plan, disturbed)
        lost = keep(connection, result)
    write_files(result, html=html, junit=junit, json_file=json_file)
    show_result(result, as_json=as_json)
    if lost:
        raise UnreachableError(lost)
    raise typer.Exit(_INTERRUPTED if stopped else 0 if result.passed else 1)


@app.command()
def worker(
    *,
    master: Annotated[str, typer.Option("--master", metavar="HOST[:PORT]", help="Where `loadtest run` waits.")],
    processes: Annotated[int, typer.Option("--processes", help="Worker processes on this machine.")] = 1,
    owned: Owned = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Lend this machine to a load test that waits for workers, until it ends; the route table has to be the same.

    The master tells the session and the API key over a connection that is not encrypted: use a network you trust.
    """
    load_table(config)
    with _stopping() as stop:
        code = work(master_address(master), config, tuple(owned or ()), os.environ, stop, processes)
    raise typer.Exit(_INTERRUPTED if stop.is_set() else code)


@app.command()
def clean(
    *,
    target: Annotated[str, typer.Option("--target", help="gateway or legacy: the side to ask.")] = LEGACY,
    host: Hosts = None,
    owned: Owned = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Delete what load tests left on the platform when everything of them was killed: by its names, of every run.

    Exit code 0: nothing is left; 1: something is. Do not run it beside a load test that writes.
    """
    table = load_table(config)
    plan = LoadPlan(config, target, hosts=host_option(table, host or ()), owned=tuple(owned or ()))
    cleaned = process.clean(plan)
    typer.echo(f"{cleaned.deleted} deleted")
    for text in cleaned.left:
        typer.echo(f"left: {text}")
    raise typer.Exit(1 if cleaned.left else 0)


def _refuse_nowhere(*files: Path | None, prefix: Path | None) -> None:
    for path in (*files, prefix):
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"{path}: {path.absolute().parent} is no directory; make it first")
        if path is not None and path is not prefix and path.is_dir():
            raise UsageError(f"{path} is a directory; write the name of a file in it")


def _loaded(plan: LoadPlan, disturbed: Disturbances | None) -> tuple[LoadResult, bool]:
    """What the run found, and whether somebody stopped it."""
    with _stopping() as stop, _showing(plan.run_time) as show:
        result = process.run(plan, on_progress=show, stop=stop, during=disturbed)
    return result, stop.is_set()


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: the run then ends, is judged and stored as partial."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _showing(run_time: float) -> Iterator[Callable[[Progress], None]]:
    """One line that renews itself on a terminal; elsewhere a line every few seconds. Both go to standard error."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("signing in, starting locust") as status:
            yield lambda progress: status.update(progress_line(progress, run_time))
        return
    due = 0.0

    def show(progress: Progress) -> None:
        nonlocal due
        if progress.elapsed >= due:
            due = progress.elapsed + _QUIET_INTERVAL
            typer.echo(progress_line(progress, run_time), err=True)

    yield show


loadtest_stored.register(app)
