"""Summary of a DataTree in the shape of ArviZ, with the error that the replicates show.

ArviZ takes its Monte Carlo error from the autocorrelation of a Markov chain. Of Sobol' points it is too large, by a
factor of two and more: here it is the spread between chains, which are independent randomisations.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mc_sie.errors import InputError, nearest
from mc_sie.stats.estimates import INTERVAL_LEVEL, replicate_se

if TYPE_CHECKING:
    import xarray as xr


def arviz_summary(
    tree: xr.DataTree,
    var_names: Sequence[str] | None = None,
    *,
    group: str | None = None,
    ci_prob: float = INTERVAL_LEVEL,
) -> pd.DataFrame:
    """Mean, spread and interval of every variable of a group, with the Monte Carlo error from the replicates.

    Parameters
    ----------
    tree : xarray.DataTree
        From ``to_datatree()``, or part of it.
    var_names : sequence of str, optional
        Variables; all of the group if not given.
    group : str, optional
        Group; ``posterior`` where there is one, else ``prior``.
    ci_prob : float
        Level of the equal-tailed interval.

    Returns
    -------
    pandas.DataFrame
        Rows as of ``arviz_stats.summary``, such as ``months_to[5.0]``; columns ``mean``, ``sd``, ``eti90_lb``,
        ``eti90_ub``, ``mcse_mean``, ``mcse_sd`` and ``share_given``: the share of draws that have a value, of which
        the other columns speak. An error is nan where some replicate has no value.

    Raises
    ------
    InputError
        For a group or a variable that the tree does not have, or a level that is no probability.
    """
    from arviz_base import xarray_sel_iter
    from arviz_base.labels import BaseLabeller

    if group is None:
        group = "posterior" if "posterior" in tree.children else "prior"
    if group not in tree.children:
        raise InputError(f"group = {group!r}", "is not in the tree", nearest(group, list(tree.children)))
    dataset = tree[group].to_dataset()
    for name in var_names or ():
        if name not in dataset.data_vars:
            where = f"var_names = {name!r}"
            raise InputError(where, f"is not in the group {group}", nearest(name, list(map(str, dataset.data_vars))))
    if not 0.0 < ci_prob < 1.0:
        raise InputError(f"ci_prob = {ci_prob}", "is not between 0 and 1", "Give a probability, such as 0.9.")
    labeller = BaseLabeller()
    rows = {}
    for name, selection, place in xarray_sel_iter(dataset, var_names, skip_dims={"chain", "draw"}):
        values = dataset[name].isel(place).transpose("chain", "draw").to_numpy().astype(np.float64)
        rows[labeller.make_label_flat(name, selection, place)] = _row(values, ci_prob)
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(values: np.ndarray[tuple[int, int], np.dtype[np.float64]], ci_prob: float) -> dict[str, float]:
    """Statistics of one variable; chains are rows."""
    tails = [0.5 - ci_prob / 2.0, 0.5 + ci_prob / 2.0]
    with warnings.catch_warnings():  # of a chain without values
        warnings.simplefilter("ignore", category=RuntimeWarning)
        low, high = np.nanquantile(values, tails)
        percent = f"{100 * ci_prob:g}"
        return {
            "mean": float(np.nanmean(values)),
            "sd": float(np.nanstd(values)),
            f"eti{percent}_lb": float(low),
            f"eti{percent}_ub": float(high),
            "mcse_mean": replicate_se(np.nanmean(values, axis=1)),
            "mcse_sd": replicate_se(np.nanstd(values, axis=1)),
            "share_given": float(np.isfinite(values).mean()),
        }
