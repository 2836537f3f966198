"""``netcdf``: a stored run as a file that ArviZ reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mc_sie.cli.app import app
from mc_sie.cli.printing import say


@app.command()
def netcdf(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, or the run.json in it.")],
    event: Annotated[
        str | None, typer.Option(help="Event to mark among the draws; that of the run if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; RUN.nc beside the folder if not given.")] = None,
) -> None:
    """Write the draws of a stored run as an ArviZ DataTree (netCDF)."""
    from mc_sie.events import parse_event
    from mc_sie.storage.records import run_folder
    from mc_sie.storage.runs import read_run
    from mc_sie.storage.writing import check_new, write_whole

    folder = run_folder(run).resolve()
    path = out or folder.with_name(f"{folder.name}.nc")
    check_new(path)
    asked = None
    if event is not None:
        asked = parse_event(event)
    tree = read_run(run, asked).to_datatree()
    write_whole(path, lambda partial: tree.to_netcdf(partial, engine="h5netcdf"), is_new=True)
    sizes = tree["prior"].sizes
    say(f"{path}: {', '.join(tree.children)}; {sizes['chain']} chains (replicates) of {sizes['draw']:,} draws")
