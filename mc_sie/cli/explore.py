"""``explore``: the live page, which simulates in the browser, written or served."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import app, number_option, whole_option
from mc_sie.cli.printing import refuse, say, warn

if TYPE_CHECKING:
    from mc_sie.cli.serving import PageServer


@app.command()
def explore(
    source: Annotated[
        str, typer.Argument(metavar="RUN|PRIOR", help="A shipped prior set, a TOML file, or the folder of a run.")
    ] = "davidson-2025",
    event: Annotated[
        str | None, typer.Option(help="What to ask about; the run's own event, or 'best_window_months[5] < 12'.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; NAME-explorer.html if not given.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the page on this machine until Ctrl-C.")] = False,
    port: Annotated[int, whole_option(help="Port for --serve; 0 takes a free one.")] = 8765,
    seed: Annotated[
        int | None, whole_option(help="Seed of the draws, as for `mc-sie run`; that of the run, or 0, if not given.")
    ] = None,
    horizon_months: Annotated[
        float | None,
        number_option(help="End of each trajectory; that of the run, or 240, if not given."),
    ] = None,
) -> None:
    """One page with a slider for every assumption, which simulates in the browser, offline.

    It opens at once, prints the numbers of `mc-sie run`, and exports priors that `mc-sie run` takes.
    """
    from mc_sie.engine.run import check_horizon
    from mc_sie.events import HEADLINE, parse_event
    from mc_sie.explorer.page import explorer_page
    from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
    from mc_sie.report.folders import named_prior
    from mc_sie.storage.records import is_run, read_record, run_spec_of
    from mc_sie.storage.versions import version_of
    from mc_sie.storage.writing import check_file, write_whole

    if is_run(source):
        run = run_spec_of(read_record(Path(source)), source)
        prior, event_text, horizon, run_seed = run.prior, str(run.event), run.horizon_months, run.design.seed
    else:
        prior, event_text, horizon, run_seed = named_prior(source), HEADLINE, HORIZON_MONTHS_DEFAULT, 0
    if event is not None:
        event_text = event
    if horizon_months is not None:
        horizon = horizon_months
    if seed is None:
        seed = run_seed
    check_horizon(horizon)
    parsed = parse_event(event_text)
    if parsed.single is None:
        refuse(f"--event '{parsed}'", "has several conditions, and the page asks about one", "Use mc-sie run for it.")
    parsed.check_horizon(horizon)
    target = out
    if out is None and not serve:
        target = Path(f"{prior.name}-explorer.html")
    if target is not None:
        check_file(target, "--out")
        if target.exists():
            refuse(f"--out {target}", "exists already, and a page never overwrites another file", "Name another file.")
    server = None
    if serve:
        server = _server(port)
    warn(prior.warnings)
    page = explorer_page(
        prior,
        event=str(parsed),
        seed=seed,
        horizon_months=horizon,
        command=shlex.join(["mc-sie", *sys.argv[1:]]),
        version=version_of("mc-sie"),
    ).encode()
    if target is not None:
        write_whole(target, lambda path: path.write_bytes(page), is_new=True)
        say(f"Explorer: {target} ({len(page) / 1e6:.1f} MB; open it in a browser, it needs nothing else)")
    if server is not None:
        _serve(server, page)


def _server(port: int) -> PageServer:
    """A server on loopback, before anything is computed, so that a port in use is refused at once."""
    from mc_sie.cli.serving import PageServer

    if not 0 <= port <= 65535:
        refuse(f"--port {port}", "is no port", "Ports are 0 to 65535; 0 takes one that is free.")
    try:
        return PageServer(port)
    except OSError as error:
        why = f"cannot be used: {error.strerror or error}"
        refuse(f"--port {port}", why, "Name another port, or 0 for any that is free.")


def _serve(server: PageServer, page: bytes) -> None:
    """Serve the page until the user stops it."""
    server.page = page
    say(f"Serving on http://127.0.0.1:{server.server_port}/ until Ctrl-C.")
    try:
        server.serve_forever()
    finally:
        server.server_close()
