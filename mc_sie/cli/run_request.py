"""One run of the command line, checked, before a draw is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mc_sie.events import Event
    from mc_sie.priors import PriorSet
    from mc_sie.sampling import Design
    from mc_sie.stats.stopping import Precision


@dataclass(frozen=True)
class RunRequest:
    """The options that every kind of run takes.

    Attributes
    ----------
    prior : PriorSet
        The prior set.
    event : Event
        The event whose probability is estimated.
    design : Design
        Scheme, seed, replicates and draws to begin with.
    precision : Precision
        Standard error at which to stop, if one was given.
    max_draws : int
        Most draws that may be made to reach it.
    horizon_months : float
        End of each trajectory.
    levels, widths : tuple of float
        Gains in OOM and widths in months to simulate.
    out : pathlib.Path or None
        Folder to write; the next free name if None.
    command : str
        The command line, for the record.
    threads : int or None
        Threads; every processor if None.
    quiet : bool
        No progress bar.
    """

    prior: PriorSet
    event: Event
    design: Design
    precision: Precision
    max_draws: int
    horizon_months: float
    levels: tuple[float, ...]
    widths: tuple[float, ...]
    out: Path | None
    command: str
    threads: int | None
    quiet: bool
