"""Tables that say what a prior set assumes and implies, and its medians: for people, from the set alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from mc_sie.priors.entries import Entry
from mc_sie.priors.prior_set import PriorSet
from mc_sie.quantities import MODEL_QUANTITIES, MODES, QUANTITIES
from mc_sie.sampling import Design, plan, points
from mc_sie.stats.estimates import decimals, replicate_se

PROBS = (0.01, 0.05, 0.50, 0.95, 0.99)
"""Quantiles in the table of a prior set."""

_COLUMNS = (*(f"p{100 * prob:.0f}" for prob in PROBS), "mean")
_BLOCKS = " ▁▂▃▄▅▆▇█"
_N_SKETCHED = 4096  # quantiles behind a sketch
_SKETCH_WIDTH = 24  # characters


def medians(prior: PriorSet) -> dict[str, float]:
    """The median of every quantity of the model, and the code of the most likely retraining mode.

    nan where a quantity is not given, in a pool where most draws do not give it.
    """
    if prior.members:
        found = {name: _pooled_median(prior, name) for name in MODEL_QUANTITIES}
    else:
        middle = prior.values({name: np.array([0.5]) for name in prior.dimensions})
        found = {name: float(middle[name][0]) for name in MODEL_QUANTITIES}
    shares = mode_shares(prior)
    return {**found, "mode": float(max(shares, key=lambda code: shares[code]))}


def prior_table(prior: PriorSet, *, density: bool = False) -> pd.DataFrame:
    """The distribution of each quantity under a prior set, a row each: in words, quantiles p1 to p99 and the mean.

    ``density`` adds a sketch of each density.
    """
    rows = []
    for name in _described(prior):
        quantity = QUANTITIES[name]
        row = {"quantity": name, "symbol": quantity.symbol, "unit": quantity.unit, "prior": _words(prior, name)}
        if name == "mode":  # a category has no quantiles
            row |= dict.fromkeys(_COLUMNS, "")
        else:
            values = [*prior.quantiles(name, PROBS), prior.mean(name)]
            row |= {column: f"{value:.3g}" for column, value in zip(_COLUMNS, values, strict=True)}
        if density:
            row["density, p1 to p99"] = _sketch(prior, name)
        rows.append(row)
    return pd.DataFrame(rows)


def correlation_table(prior: PriorSet, *, n_draws: int = 2**17, seed: int = 0) -> pd.DataFrame:
    """Correlations as stated and as the draws have them.

    Parameters
    ----------
    prior : PriorSet
        The set; of a pool every member is listed on its own.
    n_draws : int
        Draws behind an estimate, in 16 independent randomisations.
    seed : int
        Of these draws.

    Returns
    -------
    pandas.DataFrame
        ``quantity``, ``and``, ``stated`` and ``achieved`` Spearman correlation, for a pool also ``set``. No rows where
        nothing is correlated.

    Notes
    -----
    Quantities without atoms have the correlation of their ranks exactly, which is the stated one unless the matrix was
    repaired. Draws at an atom tie, and share their mean rank: what is achieved is then estimated, with its Monte Carlo
    standard error.
    """
    if prior.members:
        tables = [(member, correlation_table(member, n_draws=n_draws, seed=seed)) for member, _ in prior.members]
        return pd.concat([table.assign(set=member.name) for member, table in tables], ignore_index=True)
    frame = pd.DataFrame(
        [(*one.between, f"{one.spearman:g}") for one in prior.correlations], columns=["quantity", "and", "stated"]
    )
    design = plan(n_draws, seed=seed, n_replicates=16)
    return frame.assign(achieved=[_achieved(prior, one.between, design) for one in prior.correlations])


def _described(prior: PriorSet) -> list[str]:
    """The quantities that a set gives, with rho, alpha_compute and r at the end where they follow from others."""
    names = list(prior.entries)
    if prior.members:
        names = [name for name in QUANTITIES if _share_given(prior, name) > 0.0]
    return names + [name for name in ("rho", "alpha_compute", "r") if name not in names]


def _words(prior: PriorSet, name: str) -> str:
    """The distribution of a quantity in words."""
    entry = prior.entries.get(name)
    if entry is not None:
        return _words_of_entry(entry)
    if not prior.members:
        return "derived"  # no entry states it
    if name == "mode":
        return ", ".join(f"{100 * share:.3g} % {MODES[code]}" for code, share in mode_shares(prior).items())
    given = _share_given(prior, name)
    if given > 1.0 - 1e-9:  # weights sum to 1 but for rounding
        return "pooled"
    return f"pooled; given in {100 * given:.3g} % of the draws"


def _words_of_entry(entry: Entry) -> str:
    words = entry.distribution.describe()
    if not entry.is_default:
        return words
    if QUANTITIES[entry.name].default_is_ours:
        return f"{words} (default, ours)"
    return f"{words} (default)"


def _share_given(prior: PriorSet, name: str) -> float:
    """Share of the draws of a pool in which a quantity is given."""
    if name in MODEL_QUANTITIES and not QUANTITIES[name].optional:
        return 1.0
    return math.fsum(weight for member, weight in prior.members if name in member.entries)


def _pooled_median(prior: PriorSet, name: str) -> float:
    """The median of a quantity of a pool where most draws give it, else nan."""
    if _share_given(prior, name) <= 0.5:
        return math.nan
    return float(prior.quantiles(name, [0.5])[0])


def mode_shares(prior: PriorSet) -> dict[int, float]:
    """Credence of each retraining mode.

    Parameters
    ----------
    prior : PriorSet
        The set.

    Returns
    -------
    dict of int to float
        By the mode's code, of those that have any.
    """
    shares: dict[int, float] = {}
    for member, weight in prior.plain_sets:
        for code, prob in member.entries["mode"].distribution.atoms:
            shares[int(code)] = shares.get(int(code), 0.0) + weight * prob
    return dict(sorted(shares.items()))


def _achieved(prior: PriorSet, between: tuple[str, str], design: Design) -> str:
    """Spearman correlation of two quantities in the draws, in words."""
    distributions = [prior.entries[name].distribution for name in between]
    latent = [QUANTITIES[name].determined for name in between]
    if not any(distribution.atoms for distribution in distributions):
        return f"{prior.dependence.spearman(*latent):.4g}, exact"
    from scipy.stats import rankdata

    found = []
    for start in range(0, design.n_draws, design.n_per_replicate):
        stop = start + design.n_per_replicate
        uniforms = {name: points(design, QUANTITIES[name].dimension, start, stop) for name in prior.dimensions}
        mixed = prior.ranks(uniforms)
        ranks = [
            rankdata(distribution.ppf(mixed[name])) for distribution, name in zip(distributions, latent, strict=True)
        ]
        found.append(float(np.corrcoef(*ranks)[0, 1]))
    se = replicate_se(found)
    digits = decimals(se)
    return f"{np.mean(found):.{digits}f} (Monte Carlo SE {se:.{digits}f})"


def _sketch(prior: PriorSet, name: str) -> str:
    """A density as a line of blocks between the 1st and 99th percentile, on the quantity's natural scale."""
    if name == "mode":
        return ""
    values = prior.quantiles(name, list((np.arange(_N_SKETCHED) + 0.5) / _N_SKETCHED))
    values = values[np.isfinite(values)]
    if len(values) == 0 or values.min() == values.max():
        return ""  # one value has no density
    if QUANTITIES[name].scale == "log" and values.min() > 0.0:
        values = np.log(values)
    low, high = np.quantile(values, [0.01, 0.99])
    if low == high:
        return ""
    counts, _ = np.histogram(values, bins=_SKETCH_WIDTH, range=(low, high))
    return "".join(_BLOCKS[math.ceil(8 * count / counts.max())] for count in counts)
