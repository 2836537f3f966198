"""Parts of the documentation that are made from the package: tables, pages on prior sets, the API, pictures.

``python docs/made.py FOLDER`` writes the same files by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mc_sie
from mc_sie import evaluate, simulate
from mc_sie.analysis.comparison.headlines import RECORD
from mc_sie.analysis.importance.evidence import labour_curves
from mc_sie.derived import DERIVED
from mc_sie.engine.trajectory import trajectory
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.priors import Entry, PriorSet, load_prior, shipped_priors
from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.report.figures.common import COLOURS, plain_log, save, style
from mc_sie.report.figures.evidence import labour_figure
from mc_sie.report.limitations import LIMITATIONS
from mc_sie.storage.tables import median_row

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from mc_sie.priors.copula import Correlation
    from mc_sie.priors.evidence import Evidence

WORLD = {"rho": -0.03, "r": 3.0, "lam": 0.7, "limit_ooms": 16.0, "software_doubling_months": 6.0}
"""The world whose trajectories the pictures of the retraining modes show; the rest are medians of davidson-2025."""


def write(folder: Path) -> None:
    """Write everything into a folder; a file whose text is the same is left as it is, so that builds stay quick."""
    folder.mkdir(exist_ok=True)
    texts = {
        "quantities.part.md": quantities_table(),
        "outcomes.part.md": outcomes_table(),
        "headlines.part.md": headlines_table(),
        "measurable.part.md": measurable_table(),
        "limitations.part.md": limitations_table(),
        "modes.part.md": modes_table(),
        "api.part.md": api(),
        "commands.part.md": commands(),
        **{f"prior_{name}.md": prior_page(load_prior(name)) for name in shipped_priors()},
    }
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    traces = {mode: _trace(mode) for mode in MODES}
    for mode in MODES:
        save(mode_figure(mode, traces), folder / f"mode_{mode}.svg")
    save(modes_figure(traces), folder / "modes.svg")
    given = simulate(load_prior("davidson-2025-evidence"), 2**13, n_replicates=8)
    save(labour_figure(labour_curves(given), given.prior.evidence), folder / "labour.svg")


# -------------------------------------------------------------------------------------------------- tables


def _escaped(text: str) -> str:
    """Text in which Markdown sees no markup."""
    return re.sub(r"([\\`*<>\[\]$|])", r"\\\1", " ".join(text.split()))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def latex(symbol: str) -> str:
    """A symbol of the table of quantities as LaTeX, e.g. ``tau_min`` as ``\\tau_{\\mathrm{min}}``."""
    greek = "alpha|chi|eta|lambda|Lambda|mu|phi|psi|rho|sigma|tau|Delta"
    subscripted = re.sub(r"_([a-z]{2,})", r"_{\\mathrm{\1}}", symbol.replace("(1/rho)", "{1/rho}"))
    return re.sub(rf"(?<![A-Za-z])({greek})(?![a-z])", r"\\\1", subscripted).replace(r"\phi", r"\varphi")


def _number(value: float | str | None) -> str:
    if isinstance(value, str):
        return f"`{value}`"
    return "" if value is None else "∞" if value == float("inf") else f"{value:g}"


def quantities_table() -> str:
    """Every quantity, from :mod:`mc_sie.quantities`."""
    rows = []
    for quantity in QUANTITIES.values():
        is_mode = quantity.name == "mode"
        default = "optional" if quantity.optional else _number(quantity.default)
        rows.append(
            (
                "" if is_mode else f"${latex(quantity.symbol)}$",
                f"`{quantity.name}`",
                "" if is_mode else quantity.unit,
                "one of five" if is_mode else _escaped(quantity.domain.replace("inf", "∞")).replace(" ", "\u00a0"),
                default + (" \\*" if quantity.default_is_ours else ""),
                _escaped(quantity.meaning),
            )
        )
    return _table(("symbol", "name", "unit", "domain", "default", "meaning"), rows)


def outcomes_table() -> str:
    """Every outcome, from :mod:`mc_sie.outcomes`."""
    rows = []
    for kind in OUTCOME_KINDS.values():
        index = {None: "", "OOM": "[k]", "months": "[w]"}[kind.index_unit]
        rows.append((kind.label, f"`{kind.name}{index}`", kind.unit, _escaped(kind.meaning)))
    return _table(("outcome", "name", "unit", "meaning"), rows)


def measurable_table() -> str:
    """Derived things that evidence may be about, beside quantities and outcomes, from :mod:`mc_sie.derived`."""
    rows = []
    for kind in DERIVED.values():
        index = "" if kind.index_unit is None else "[x]"
        rows.append((f"`{kind.name}{index}`", kind.unit, _escaped(kind.meaning)))
    return _table(("name", "unit", "meaning"), rows)


def limitations_table() -> str:
    """Everything that is known not to be modelled, from :mod:`mc_sie.report.limitations`."""
    rows = [(_escaped(row.what), row.pushes, _escaped(row.why)) for row in LIMITATIONS]
    return _table(("left out", "would push", "why"), rows)


# ------------------------------------------------------------------------------------------------ prior sets


def headlines_table() -> str:
    """The headline under every shipped set, from the record that the package keeps; it must be of the same sets."""
    rows = []
    for row in json.loads(RECORD.read_text(encoding="utf-8")):
        if load_prior(row["name"]).digest != row["digest"]:
            raise ValueError(f"{RECORD.name} is not of the shipped {row['name']}: refresh it (decision 0003)")
        link = f"[{row['name']}](_made/prior_{row['name']}.md)"
        rows.append((link, _escaped(row["title"]), _escaped(row["label"])))
    return _table(("prior set", "position", "P(≥ 5 OOM in < 1 year)"), rows)


def prior_page(prior: PriorSet) -> str:
    """One shipped prior set with its evidence, from its TOML file."""
    record = {row["name"]: row for row in json.loads(RECORD.read_text(encoding="utf-8"))}
    parts = [f"# {prior.name}", f"**{_escaped(prior.title)}.** {_escaped(prior.description)}"]
    if prior.name in record:
        parts.append(f"Headline: {_escaped(record[prior.name]['answer'])}")
    if prior.bottlenecks:
        parts += ["## How the bottlenecks fit together", _escaped(prior.bottlenecks)]
    if prior.members:
        parts.append("## What is pooled")
        shares = [
            f"* {100 * weight:.3g} %: [{member.name}](prior_{member.name}.md)" for member, weight in prior.members
        ]
        parts.append("\n".join(shares))
    own = f"{prior.name}.toml"
    stated = [entry for entry in prior.entries.values() if not entry.is_default and Path(entry.origin).name == own]
    if stated:
        parts += ["## What it states", *(_stated(prior, entry) for entry in stated)]
    if prior.evidence:
        note = "The headline is given this evidence; quantiles on this page are before it."
        parts += ["## Evidence that conditions it", note, *(_evidence(item) for item in prior.evidence)]
    if prior.correlations:
        parts += ["## What goes together", *(_correlation(pair) for pair in prior.correlations)]
    inherited = [entry for entry in prior.entries.values() if not entry.is_default and entry not in stated]
    if inherited:
        origins = list(dict.fromkeys(Path(entry.origin).stem for entry in inherited))
        links = " and ".join(f"[{name}](prior_{name}.md)" for name in origins)
        rows = [(f"`{entry.name}`", _law(entry), _spread(prior, entry.name)) for entry in inherited]
        parts += [f"## What it takes from {links}", _table(("quantity", "prior", "5 %, 50 %, 95 %"), rows)]
    implied = [] if prior.members else [name for name in ("rho", "r") if name not in prior.entries]
    if implied:
        rows = [(f"`{name}`", _spread(prior, name)) for name in implied]
        parts += ["## What follows", _table(("quantity", "5 %, 50 %, 95 %"), rows)]
    default = [entry for entry in prior.entries.values() if entry.is_default]
    if default:
        text = ", ".join(f"`{entry.name}` = {_number(entry.parameters['value'])}" for entry in default)
        parts += ["## What it leaves to defaults", text]
    if prior.citations:
        parts += ["## Literature", "\n".join(f"* {_escaped(citation)}" for citation in prior.citations)]
    return "\n\n".join(parts) + "\n"


def _stated(prior: PriorSet, entry: Entry) -> str:
    unit = "" if entry.unit in ("1", "mode") else f" ({entry.unit})"
    spread = _spread(prior, entry.name)
    head = f"`{entry.name}`{unit}: {_law(entry)}"
    if spread:
        head += f"; quantiles 5 %, 50 %, 95 %: {spread}"
    return f"{head}\n: {_grounds(entry)}"


def _grounds(stated: Entry | Evidence | Correlation) -> str:
    """Where a statement comes from."""
    judgement = f"\n\n  *Judgement*, {_escaped(stated.judgement)}" if stated.judgement else ""
    return _escaped(stated.source) + judgement


def _evidence(item: Evidence) -> str:
    used = ", ".join(f"[{name}](prior_{name}.md)" for name in item.already_used_by)
    return f"*{_escaped(item.name)}*: {_escaped(item.words)}\n: {_grounds(item)}" + (
        f"\n\n  Already used by {used}." if used else ""
    )


def _correlation(pair: Correlation) -> str:
    one, other = pair.between
    return f"`{one}` and `{other}`: Spearman {pair.spearman:g}\n: {_grounds(pair)}"


def _law(entry: Entry) -> str:
    return _escaped(entry.distribution.describe().removeprefix("fixed at "))


def _spread(prior: PriorSet, name: str) -> str:
    if name == "mode" or (name in prior.entries and prior.entries[name].distribution.constant is not None):
        return ""
    return ", ".join(_number(float(f"{value:.3g}")) for value in prior.quantiles(name, (0.05, 0.5, 0.95)))


# ------------------------------------------------------------------------------------------------------- API


def api() -> str:
    """Every public name, functions first."""
    names = {name: getattr(mc_sie, name) for name in mc_sie.__all__}
    functions = [name for name, value in names.items() if not inspect.isclass(value)]
    classes = [name for name, value in names.items() if inspect.isclass(value)]
    blocks = ["## Functions", *(_documented("autofunction", name) for name in functions)]
    blocks += ["## Classes", *(_documented("autoclass", name, ":members:") for name in classes)]
    return "\n\n".join(blocks) + "\n"


def _documented(directive: str, name: str, *options: str) -> str:
    inner = "\n".join([f".. {directive}:: mc_sie.{name}", *(f"   {option}" for option in options)])
    return f"### {name}\n\n```{{eval-rst}}\n{inner}\n```"


def commands() -> str:
    """Every command of the command line with its arguments and options, as ``--help`` gives them."""
    import typer

    from mc_sie.cli import app

    return "\n\n".join(_described(typer.main.get_command(app), "mc-sie")) + "\n"


def _described(command: Any, name: str) -> Iterator[str]:
    """A command, or those of a group; typer may bring its own click, so that classes are not asked for."""
    if hasattr(command, "list_commands"):
        for key in command.list_commands(None):
            yield from _described(command.get_command(None, key), f"{name} {key}")
        return
    taken = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    names = [parameter.metavar or parameter.name.upper() for parameter in taken]
    yield "## " + " ".join([name, *names])
    yield _escaped(command.help or "")
    rows = [(f"`{word}`", "", _escaped(parameter.help or "")) for word, parameter in zip(names, taken, strict=True)]
    for option in command.params:
        if option.param_type_name == "option" and not option.hidden:
            is_switch = isinstance(option.default, bool)
            default = "" if option.default is None or is_switch else f"`{option.default}`"
            flags = " ".join(f"`{flag}`" for flag in option.opts)
            rows.append((flags, default, _escaped(option.help or "")))
    if rows:
        yield _table(("", "default", "meaning"), rows)


# -------------------------------------------------------------------------------------------------- pictures


def _row(mode: str) -> dict[str, float]:
    settings = [f"mode={mode}", *(f"{name}={value}" for name, value in WORLD.items())]
    return median_row(load_prior("davidson-2025"), settings, 240.0)


def _trace(mode: str) -> pd.DataFrame:
    return trajectory(_row(mode))


def modes_table() -> str:
    """Times and paces of the world of the pictures under each mode."""
    rows = {mode: _row(mode) for mode in MODES}
    outcomes = evaluate({name: [row[name] for row in rows.values()] for name in _row("none")})
    columns = [
        [f"`{mode}`" for mode in MODES],
        [f"{months:.1f}" for months in outcomes.values("months_to", 5.0)],
        [f"{months:.1f}" for months in outcomes.values("best_window_months", 5.0)],
        [f"{pace:.0f}x" for pace in outcomes.pace_peak],
    ]
    heads = ("mode", "months to 5 OOM from day one", "fastest 5 OOM, months", "largest pace")
    return _table(heads, list(zip(*columns, strict=True)))


def _end(traces: dict[str, pd.DataFrame]) -> float:
    """Where the pictures stop, months: a little after the slowest mode has gained 10 OOM."""
    crossings = [frame["months"][frame["effective_ooms"] >= 10.0].min() for frame in traces.values()]
    return 1.08 * float(max(crossings))


def _compute_line(axes: Any, frame: pd.DataFrame, **how: Any) -> None:
    draw = axes.step if frame["deployments"].any() else axes.plot
    draw(frame["months"], frame["effective_ooms"], **({"where": "post"} if frame["deployments"].any() else {}), **how)


def mode_figure(mode: str, traces: dict[str, pd.DataFrame]) -> Figure:
    """Software and effective compute of one mode over time, beside effective compute without retraining."""
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 3.6))
        axes = figure.subplots()
        frame = traces[mode]
        if mode != "none":
            axes.plot(
                traces["none"]["months"], traces["none"]["effective_ooms"], color="#999999", lw=1.8, label="mode none"
            )
        _compute_line(axes, frame, color=COLOURS[0], label="effective compute $e$")
        axes.plot(frame["months"], frame["software_ooms"], color=COLOURS[1], ls="--", label="software $s$")
        runs = frame[frame["deployments"].diff().fillna(0) > 0]
        if len(runs):
            axes.plot(runs["months"], runs["effective_ooms"], "o", color=COLOURS[0], ms=4.5, label="deployment")
        axes.set_xlim(0.0, _end(traces))
        axes.set_ylim(0.0, 12.0)
        axes.set_xlabel("months since AI R&D was fully automated")
        axes.set_ylabel("gain (OOM)")
        axes.set_title(mode)
        axes.legend(loc="lower right", fontsize=11, frameon=True, edgecolor="none")
    return figure


def modes_figure(traces: dict[str, pd.DataFrame]) -> Figure:
    """Effective compute and pace of one world under all five modes."""
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 6.0))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for mode, colour in zip(MODES, COLOURS[: len(MODES)], strict=True):
            frame = traces[mode]
            dashes: Any = (0, (4, 2)) if mode == "shortening_accelerating_only" else "-"  # lies on shortening at first
            _compute_line(upper, frame, color=colour, ls=dashes, label=mode)
            moving = frame[frame["pace"] > 0]
            lower.plot(moving["months"], moving["pace"], color=colour, ls=dashes)
        upper.set_xlim(0.0, _end(traces))
        upper.set_ylim(0.0, 12.0)
        upper.set_ylabel("effective compute (OOM)")
        figure.legend(loc="outside upper center", ncols=3, fontsize=11)
        lower.set_yscale("log")
        lower.set_ylim(0.5, 600.0)
        lower.set_ylabel("pace of software\n(x before automation)")
        lower.set_xlabel("months since AI R&D was fully automated")
        plain_log(lower)
    return figure


if __name__ == "__main__":
    write(Path(sys.argv[1]))
