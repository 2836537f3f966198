"""A prior file by question and answer: each quantity as the base states it, and as the user states it instead.

The questions are functions of the draft, in a list that :func:`asked_prior` walks forwards, or backwards on ``back``.
Nothing is written before the last question is answered.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mc_sie.cli.printing import print_headed, say, warn
from mc_sie.errors import InputError, nearest
from mc_sie.quantities import MODEL_QUANTITIES, MODES, QUANTITIES, Quantity
from mc_sie.text.escaping import visible

if TYPE_CHECKING:
    from mc_sie.priors import Entry, PriorSet

NO_BASE = "none"
"""Name under which the user starts from nothing."""

DEFAULT_BASE = "davidson-2025"
OWN_JUDGEMENT = "my judgement"
_MAY_DETERMINE_A_BOTTLENECK = ("r", "r_total", "r_cumulative", "alpha_compute", "max_speed_compute")


class Left(Exception):  # noqa: N818 (no error)
    """The user left without writing, or the input ended."""


class _Back(Exception):  # noqa: N818
    """The user wants the question before this one."""


@dataclass
class _Answer:
    """A quantity as the user states it: as a table of the file, and as an entry; None for an absent one."""

    name: str
    table: dict[str, Any]
    entry: Entry | None


@dataclass
class _Draft:
    """The file so far.

    Answers are kept by the quantity that they determine, so that ``sigma`` takes the place of ``rho``.
    """

    file: Path
    reference: str | None = None
    base: PriorSet | None = None
    title: str = "My beliefs"
    author: str = ""
    bottlenecks: str = ""
    answers: dict[str, _Answer] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Quantities to ask for: those that the base states, or without a base all that have to be known."""
        if self.base is None:
            return [name for name in MODEL_QUANTITIES if not QUANTITIES[name].optional]
        return [name for name, entry in self.base.entries.items() if not entry.is_default]

    def before(self, name: str) -> Entry | None:
        """A quantity as the base, or the default, states it; None where neither does."""
        from mc_sie.priors import fixed_entry

        if self.base is not None:
            stated = (self.base.entries.get(other) for other in _names_of(name))
            return next(filter(None, stated), None)
        default = QUANTITIES[name].default
        if default is None:
            return None
        return fixed_entry(name, default)

    def tables(self) -> dict[str, dict[str, Any]]:
        """Tables of the file, in the order of the table of quantities."""
        named = {answer.name: answer.table for answer in self.answers.values()}
        return {name: named[name] for name in QUANTITIES if name in named}

    def checked(self) -> PriorSet | None:
        """The set that the file will make, or None without a base; an error where they make no set."""
        from mc_sie.priors.consistency import check_set

        entries = {answer.name: answer.entry for answer in self.answers.values()}
        if self.base is None:
            check_set({name: entry for name, entry in entries.items() if entry is not None}, "this set")
            return None
        return self.base.replaced(entries, "this set")


def asked_prior(file: Path, extends: str | None) -> str:
    """Ask for a prior set, entry by entry, and write it.

    Parameters
    ----------
    file : pathlib.Path
        Where; it must not exist.
    extends : str or None
        Prior set to start from; asked for if not given.

    Returns
    -------
    str
        The commands to go on with.

    Raises
    ------
    Left
        When the user leaves without writing.
    InputError
        When the file cannot be written, or there is no such set.
    """
    from mc_sie.storage.writing import check_new

    check_new(file)
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (the arrow keys)
    draft = _Draft(file)
    if extends is not None:
        _set_base(draft, extends)
    say(
        "Enter keeps what is in square brackets, or what the set says. ? helps, back goes one question back, quit "
        "leaves. Nothing is written before the end."
    )
    place = 0
    while True:
        steps = _steps(draft, is_base_asked=extends is None)
        if place == len(steps):
            return _written(draft)
        try:
            steps[place](draft)
            place += 1
        except _Back:
            place = max(place - 1, 0)


def _steps(draft: _Draft, *, is_base_asked: bool) -> list[Callable[[_Draft], None]]:
    """The questions in their order, which depends on the set to start from."""
    names = draft.names
    quantities = [
        partial(_ask_quantity, name=name, count=f"{number} of {len(names)}")
        for number, name in enumerate(names, start=1)
    ]
    steps: list[Callable[[_Draft], None]] = [_ask_title, _ask_author, *quantities, _review]
    if is_base_asked:
        steps.insert(0, _ask_base)
    return steps


def _read(prompt: str) -> str:
    """One line from the terminal."""
    try:
        text = input(f"{visible(prompt)}: ").strip()
    except EOFError:
        print()
        raise Left from None
    if text.lower() == "quit":
        raise Left
    if text.lower() == "back":
        raise _Back
    return text


def _refused(error: InputError) -> None:
    """Say why an answer cannot be used; the question is asked again."""
    say(f"  {error}", style="yellow")


# ----------------------------------------------------------------------------------------------- the questions


def _set_base(draft: _Draft, reference: str) -> None:
    """Start from a set; the draft stays as it was where there is none of that name."""
    draft.base = _base(reference)
    draft.reference = reference


def _base(reference: str) -> PriorSet:
    """A set that can be inherited from."""
    from mc_sie.priors import load_prior

    base = load_prior(reference)
    if base.members:
        names = ", ".join(member.name for member, _ in base.members)
        raise InputError(reference, "is a pool, which has no entries to inherit", f"Start from a member: {names}.")
    return base


def _ask_base(draft: _Draft) -> None:
    """Ask which set to start from, with the headline of each."""
    from rich.table import Table
    from rich.text import Text

    from mc_sie.analysis.comparison.headlines import recorded
    from mc_sie.priors import load_prior, shipped_priors

    labels: dict[str, str] = {}
    headlines = recorded()
    if headlines is not None:
        labels = dict(zip(headlines["name"], headlines["label"], strict=True))
    bases = [name for name in shipped_priors() if not load_prior(name).members]
    say("\nWhich set do you start from? (P of at least 5 OOM in less than a year, best window)")
    grid = Table.grid(padding=(0, 2))
    for number, name in enumerate(bases, start=1):
        grid.add_row(str(number), Text(name, "bold"), labels.get(name, ""), load_prior(name).title)
    grid.add_row("0", Text(NO_BASE, "bold"), "", "start from nothing: rho and r must be stated")
    say(grid)
    chosen = draft.reference or DEFAULT_BASE
    while True:
        text = _read(f"Number, name or file [{chosen}]") or chosen
        if text == "?":
            say(
                "  A shipped set by number or name, or the path of a prior file of yours. "
                "mc-sie priors show NAME shows what one assumes."
            )
            continue
        try:
            if text in ("0", NO_BASE):
                draft.reference = draft.base = None
            else:
                numbered = {str(number): name for number, name in enumerate(bases, start=1)}
                _set_base(draft, numbered.get(text, text))
            return
        except InputError as error:
            _refused(error)


def _ask_title(draft: _Draft) -> None:
    """Ask for the title of the set."""
    while (text := _read(f"\nTitle [{draft.title}]")) == "?":
        say("  One line: it heads every table and figure.")
    draft.title = text or draft.title


def _ask_author(draft: _Draft) -> None:
    """Ask whose beliefs these are."""
    while (text := _read(f"Author [{draft.author or 'none named'}]")) == "?":
        say("  Whose beliefs these are; it goes into the file's description.")
    draft.author = text or draft.author


def _ask_quantity(draft: _Draft, name: str, count: str = "") -> None:
    """Ask for one quantity until the answer can be used, then for its source."""
    quantity = QUANTITIES[name]
    determined = quantity.determines or name
    before = draft.before(name)
    answer = draft.answers.get(determined)
    print()
    head = f" ({count})" if count else ""
    print_headed(name, f"{head}: {quantity.meaning}")
    say(f"  {_domain(quantity)}")
    if before is not None:
        says = draft.reference
        if before.is_default or draft.base is None:
            says = "default"
        say(f"  {says} says: {_in_words(before, beside=name)}")
    if answer is not None:
        say(f"  you said: {_of_answer(answer)}  (base takes it back)")
    elif before is None:
        say("  nothing is said of it yet")
    if answer or before:
        on_enter = "keep"
    elif quantity.optional:
        on_enter = "nothing"
    else:
        on_enter = "must be given"
    while True:
        text = _read(f"{name} [{on_enter}]")
        try:
            if text == "?":
                _help(quantity)
            elif text == "base":
                draft.answers.pop(determined, None)
                return
            elif not text and on_enter != "must be given":
                return
            else:
                draft.answers[determined] = _sourced(draft, *_meant(name, text))
                return
        except InputError as error:
            _refused(error)
        except _Repeat:
            pass


class _Repeat(Exception):  # noqa: N818
    """The user went back from the source to the value."""


def _meant(name: str, text: str) -> tuple[str, str]:
    """The quantity that is stated, which may be a reparametrisation of the one asked for, and its statement."""
    first, _, rest = text.partition(" ")
    if first in _names_of(name):
        return first, rest
    return name, text


def _names_of(name: str) -> list[str]:
    """Names under which a quantity may be stated: its own, and those of its reparametrisations."""
    determined = QUANTITIES[name].determines or name
    return [other for other, quantity in QUANTITIES.items() if (quantity.determines or other) == determined]


def _sourced(draft: _Draft, name: str, text: str) -> _Answer:
    """An answer with its source, checked."""
    from mc_sie.priors.entries import entry_of_table
    from mc_sie.priors.text_entry import table_of_text

    table = table_of_text(name, text)
    answer = _Answer(name, table, entry_of_table(name, table | {"source": OWN_JUDGEMENT}, "your answer"))
    say(f"  that is: {_of_answer(answer)}")
    own = OWN_JUDGEMENT
    if draft.author:
        own += f" ({draft.author})"
    try:
        while (source := _read(f"  source [{own}]")) == "?":
            say("  One line: a citation, or whose judgement it is. It stands in every report beside the number.")
    except _Back:
        raise _Repeat from None
    if source:
        table["source"] = source
    else:
        table |= {"source": own, "judgement": "mine: no source is given"}
    return _Answer(name, table, entry_of_table(name, table, "your answer"))


def _review(draft: _Draft) -> None:
    """Show what differs, and ask for more until the user is content and the whole can be used."""
    while True:
        print()
        _print_differences(draft)
        is_usable = True
        try:
            checked = draft.checked()
            if _bottlenecks_are_open(draft, checked):
                say(
                    "  rho can be below 0, and r or alpha_compute is yours: one bottleneck may be counted twice. Type "
                    "bottlenecks to say how the three fit together; without that the file is warned about."
                )
        except InputError as error:
            is_usable = False
            _refused(error)
        prompt = "Name a quantity"
        if is_usable:
            prompt = f"Enter writes {draft.file}; or name a quantity to change"
        text = _read(prompt)
        try:
            if not text and is_usable:
                return
            if text == "bottlenecks":
                draft.bottlenecks = _read("How rho, alpha_compute and r fit together")
            elif text in QUANTITIES:
                _ask_quantity(draft, text)
            elif text == "?":
                for quantity in QUANTITIES.values():
                    print_headed(f"  {quantity.name}", f": {quantity.meaning}")
            elif text:
                _refused(InputError(text, "is no quantity", nearest(text, [*QUANTITIES, "bottlenecks"])))
        except _Back:
            continue


def _bottlenecks_are_open(draft: _Draft, checked: PriorSet | None) -> bool:
    """True where one bottleneck may be counted twice and the user has changed what decides that, without a word."""
    is_touched = any(answer.name in _MAY_DETERMINE_A_BOTTLENECK for answer in draft.answers.values())
    if checked is None or not is_touched or draft.bottlenecks:
        return False
    return replace(checked, bottlenecks=None).may_count_twice  # the base's statement speaks of other numbers


# -------------------------------------------------------------------------------------------------- what is shown


def _domain(quantity: Quantity) -> str:
    """Unit and domain, and under what other names it may be stated."""
    if quantity.name == "mode":
        return f"one of {', '.join(MODES)}"
    words = f"unit {quantity.unit}, in {quantity.domain}"
    others = [name for name in _names_of(quantity.name) if name != quantity.name]
    if others:
        words += f"; or stated as {' or '.join(others)}: {others[0]} and what you think of it"
    return words


def _in_words(entry: Entry, beside: str = "") -> str:
    """Description of a distribution, with its 90 % interval; named where it is not of the quantity beside it."""
    words = entry.distribution.describe()
    if beside not in ("", entry.name):
        words = f"{entry.name}: {words}"
    if entry.name == "mode" or entry.distribution.constant is not None:
        return words
    low, high = entry.distribution.ppf((0.05, 0.95))
    return f"{words}; 90 % interval {low:.3g} to {high:.3g}"


def _of_answer(answer: _Answer) -> str:
    """An answer as the user is shown it."""
    return f"{answer.name}: {_words_of(answer.entry)}"


def _words_of(entry: Entry | None) -> str:
    """Description of an entry, or the word for none."""
    if entry is None:
        return "absent"
    return _in_words(entry)


def _help(quantity: Quantity) -> None:
    """Print what can be written for a quantity: the short forms, then every family with its keys."""
    from mc_sie.priors.family_keys import FAMILIES
    from mc_sie.priors.text_entry import INTERVAL_FITS, parameters_of

    if quantity.name == "mode":
        say("  continual                       this mode with certainty")
        say("  shortening 0.5 continual 0.5    modes with their shares, which sum to 1")
        return
    say("  0.4                this value with certainty")
    say(f"  0.3 to 0.9         between these with 90 %, 5 % on each side: here a {INTERVAL_FITS[quantity.scale]}")
    say("  quantiles q05=2 q50=8 q95=32    the smooth distribution with one hump that has these quantiles exactly")
    say("  lognormal q05=2 q95=32          a family through two or three quantiles")
    say("  base               what the set says")
    say("Any family, its numbers in this order or as key=value (in brackets: may be left out):")
    for family, model in FAMILIES.items():
        if family == "categorical" or (family == "absent" and not quantity.optional):
            continue
        keys = " ".join(key if is_needed else f"[{key}]" for key, is_needed in parameters_of(family).items())
        print_headed(f"  {family}", f" {keys}: {(model.__doc__ or '').splitlines()[0]}")
    say("All but fixed and absent may be cut by truncate_low=... and truncate_high=...; lists are written [0, 1, 4].")


def _print_differences(draft: _Draft) -> None:
    """Print what the file will state beside the base, and what is left to defaults."""
    kept = draft.reference or "default"
    if draft.answers:
        print_headed(f"What differs from {kept}", "")
    else:
        print_headed(f"Nothing differs from {kept}.", "")
    for name in draft.tables():
        answer = draft.answers[QUANTITIES[name].determines or name]
        before = draft.before(name)
        print_headed(f"  {name}", f" [{QUANTITIES[name].unit}]")
        if before is None:
            say(f"    {kept}: not given")
        else:
            say(f"    {kept}: {_in_words(before, beside=name)}")
        say(f"    yours: {_words_of(answer.entry)}")
        say(f"    source: {answer.table['source']}")
    if draft.bottlenecks:
        say(f"  bottlenecks: {draft.bottlenecks}")
    if draft.base is not None:
        entries = draft.base.entries
        rest = [name for name, entry in entries.items() if entry.is_default and name not in draft.answers]
        if rest:
            say(f"  Not asked, at their defaults: {', '.join(rest)}.")


# ------------------------------------------------------------------------------------------------------ the end


def _written(draft: _Draft) -> str:
    """Write the file, under another name if need be; the commands to go on with."""
    from mc_sie.priors import load_prior
    from mc_sie.priors.text_entry import file_text
    from mc_sie.storage.writing import write_new_text

    while True:
        try:
            write_new_text(draft.file, file_text(_header(draft), draft.tables()))
            break
        except InputError as error:  # all answers would be lost
            _refused(error)
            draft.file = Path(_another_name())
    warn(load_prior(draft.file).warnings)
    named = shlex.quote(str(draft.file))
    following = [f"mc-sie priors show {named}", f"mc-sie run {named}"]
    if draft.reference is not None:
        following.append(f"mc-sie compare {shlex.quote(draft.reference)} {named}")
    return f"{draft.file} written. Next:\n" + "\n".join(f"  {command}" for command in following)


def _another_name() -> str:
    """Another file to write, asked for until there is one."""
    while True:
        with contextlib.suppress(_Back):
            if text := _read("Another file"):
                return text


def _header(draft: _Draft) -> Mapping[str, str]:
    """Keys of the file that stand before its tables."""
    header = {"title": draft.title}
    if draft.author:
        header["description"] = f"The beliefs of {draft.author}."
    if draft.reference is not None:
        header["extends"] = as_seen_from(draft.file, draft.reference)
    if draft.bottlenecks:
        header["bottlenecks"] = draft.bottlenecks
    return header


def as_seen_from(file: Path, prior: str) -> str:
    """The name by which a prior file refers to another.

    Parameters
    ----------
    file : pathlib.Path
        The file that refers.
    prior : str
        The other, a shipped name or a path.

    Returns
    -------
    str
        The shipped name, or a path from the file's own folder.

    Raises
    ------
    InputError
        For a pool, or what is no prior.
    """
    from mc_sie.priors import shipped_priors

    base = _base(prior)
    if prior in shipped_priors():
        return prior
    return Path(os.path.relpath(base.path.resolve(), file.resolve().parent)).as_posix()
