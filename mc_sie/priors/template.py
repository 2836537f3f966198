"""The text of a prior file to start from."""

from __future__ import annotations

import json

from mc_sie.quantities import MODES, QUANTITIES


def new_prior_text(extends: str = "davidson-2025") -> str:
    """A prior file to start from: it loads as it is, and lists everything that can be stated.

    Parameters
    ----------
    extends : str
        Shipped name, or a path relative to where the text will be written.

    Returns
    -------
    str
        TOML with comments.
    """
    ways = (
        'family = "fixed"        value',
        'family = "uniform"      low, high',
        'family = "loguniform"   low, high',
        'family = "normal"       mean, sd',
        'family = "lognormal"    median, sd_log (sd of the natural logarithm)',
        'family = "beta"         a, b; low = 0, high = 1 unless given',
        'family = "triangular"   low, peak, high',
        'family = "pert"         low, peak, high',
        'family = "student_t"    location, scale, df',
        'family = "quantiles"    quantiles = { q05 = 2, q95 = 32 }, two or three; fit = "lognormal"',
        'family = "interval"     mean, interval = [2, 32], level = 0.9 unless given; fit = "lognormal"',
        'family = "histogram"    edges = [0, 1, 2, 4], chips = [3, 10, 7]; scale = "log" for even factors in a bin',
        'family = "tabulated"    p = [0, 0.1, 0.9, 1], x = [1, 2, 8, 20]: points of the quantile function',
        'family = "mixture"      components = [ { weight = 0.2, family = "fixed", value = 0 }, { weight = 0.8, ... } ]',
        'family = "linear_pool"  components as in a mixture: several experts on one quantity',
        'family = "categorical"  values = { shortening = 0.5, continual = 0.5 } (for mode only)',
        'family = "absent"       takes away an optional quantity that is inherited',
    )
    lines = [
        'title = "My beliefs"',
        'description = """Why they are what they are."""',
        "citations = []",
        f"extends = {json.dumps(extends)}  # everything not stated here is inherited",
        "# How do rho, alpha_compute and r fit together, which bottleneck is counted where?",
        "# (Inherited, unless this file states r, r_total or alpha_compute.)",
        '# bottlenecks = "..."',
        "",
        "[rho]",
        'family = "uniform"',
        "low = -0.4",
        "high = -0.1",
        'unit = "1"',
        'source = "mine: replace this by your own range and reason"',
        '# judgement = "ours: why", marks a number that nobody has published',
        "",
        "# Families and their keys. All but fixed, categorical and absent can be cut by truncate_low, truncate_high.",
        *(f"#   {way}" for way in ways),
        "#",
        "# What goes together: Spearman correlations between quantities that vary, by the names they are stated under.",
        "# (What is not stated is 0; a pair stated here replaces the inherited one, and spearman = 0 takes it away.)",
        "#   [[correlation]]",
        '#   between = ["r", "limit_ooms"]  # or group = ["r", "limit_ooms", "lam"] for every pair of several',
        "#   spearman = 0.4",
        '#   source = "..."',
        "#",
        "# What somebody measured, to condition all of this on; mc-sie evidence shows what it does.",
        "#   [[evidence]]",
        '#   name = "a tenth of the compute"',
        '#   about = "pace_tenth_compute"  # or another derived quantity, a quantity or an outcome',
        '#   likelihood = "lognormal"      # or normal, interval, at_least, at_most',
        "#   value = 0.5",
        "#   sd_log = 0.4",
        '#   unit = "x"',
        '#   source = "..."',
        "#   already_used_by = []  # prior sets that were made with it in mind",
        "#",
        f"# Retraining modes: {', '.join(MODES)}.",
        "#",
        "# Quantities, each a table of its own with family, unit and source:",
    ]
    for quantity in QUANTITIES.values():
        lines.append(f'#   [{quantity.name}] unit = "{quantity.unit}", in {quantity.domain}: {quantity.meaning}')
    return "\n".join(lines) + "\n"
