"""Output of the commands: text, tables, warnings, refusals and progress bars, on a terminal or into a pipe."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mc_sie.text.escaping import visible

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.text import Text

    from mc_sie.engine.batches import Progress
    from mc_sie.stats.estimates import Estimate

T = TypeVar("T")

WIDE = 120
"""Columns from which a table has room for sentences."""

_WIDTH_OF_FILES = 160


def refuse(where: str, why: str, remedy: str) -> NoReturn:
    """Stop with an error of the user's: where, why, and what to do."""
    from mc_sie.errors import InputError

    raise InputError(where, why, remedy) from None


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error: things that may be meant but look like mistakes."""
    for warning in warnings:
        say(f"warning: {warning}", err=True, style="yellow")


def counted(n: int, noun: str) -> str:
    """A number of things in words, such as ``"1 row"`` or ``"1,200 rows"``."""
    if n == 1:
        return f"1 {noun}"
    return f"{n:,} {noun}s"


def with_se(estimate: Estimate) -> str:
    """A probability in percent with its Monte Carlo error; a bound, which has none, alone."""
    from mc_sie.stats.estimates import in_percent, se_in_points

    if estimate.is_rare:
        return in_percent(estimate)
    return f"{in_percent(estimate)} (Monte Carlo SE {se_in_points(estimate)} points)"


def say(what: Any, *, err: bool = False, style: str | None = None) -> None:
    """Print text as it is (prior files may hold square brackets, which are no markup), or something of rich's."""
    from rich.text import Text

    console = console_of(err=err)
    console.print(what, style=style, soft_wrap=isinstance(what, str | Text) and not console.is_terminal)


@cache
def _console_class() -> type[Console]:
    """rich's console, which lets no control character of a title, a key or a record through to the terminal."""
    from rich.console import Console

    class VisibleConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # all text passes here: lines, titles, cells
            return super().render_str(visible(text), **options)

    return VisibleConsole


def console_of(*, err: bool = False) -> Console:
    """The console of a stream: as wide as the terminal, or as $COLUMNS says where there is none."""
    return _console_class()(stderr=err, highlight=False, markup=False, emoji=False, width=_width(err=err))


def _width(*, err: bool) -> int | None:
    """Columns of a file or a pipe; None on a terminal, which knows its own."""
    stream = sys.stdout
    if err:
        stream = sys.stderr
    if stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,3}", columns):
        return int(columns)
    return _WIDTH_OF_FILES


def print_headed(head: str, rest: str) -> None:
    """A line that begins in bold."""
    from rich.text import Text

    say(Text.assemble((visible(head), "bold"), visible(rest)))


def print_table(frame: pd.DataFrame, title: str | None, digits: int = 4) -> None:
    """A frame as a table, numbers to some significant digits."""
    from rich.table import Table

    def shown(cell: Any) -> str:
        if isinstance(cell, float):
            return f"{cell + 0.0:.{digits}g}"  # -0.0 + 0.0 is 0.0
        return str(cell)

    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        is_number = frame[column].dtype.kind in "fi"
        table.add_column(str(column), overflow="fold", justify="right" if is_number else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*map(shown, row))
    say(table)


def print_then_write(printing: Callable[[], object], writing: Callable[[], T]) -> T:
    """Print an answer as soon as it is known, then write its files, though nobody may read the output any more.

    Parameters
    ----------
    printing, writing : callable
        Each without arguments.

    Returns
    -------
    object
        What writing returns. What stopped the printing is raised once the files are written.
    """
    try:
        printing()
    except (OSError, SystemExit):  # the disk behind it is full; or a closed pipe, from which rich exits
        writing()
        raise
    return writing()


@contextmanager
def progress_bar(
    quiet: bool, doing: str = "simulating", unit: str = "draws", *, is_here: bool = True
) -> Iterator[Progress | None]:
    """A progress bar with rate and time left, on a terminal; and word of what is compiled here first."""
    if is_here:
        from mc_sie.engine.compiling import announce_compiling, compile_beside

        announce_compiling(say=functools.partial(say, err=True))
        compile_beside()
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console_of(err=True),
        transient=True,
    ) as bar:
        task = bar.add_task(visible(doing), rate="")

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, rate=_rate(bar.tasks[0].speed, unit))

        yield report


def _rate(speed: float | None, unit: str) -> str:
    """Draws, sets or sources a second; empty before the first are done."""
    if not speed:
        return ""
    if speed < 10:
        return f"{speed:,.1f} {unit}/s"
    return f"{speed:,.0f} {unit}/s"
