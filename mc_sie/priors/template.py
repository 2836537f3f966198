"""The text of a prior file to start from."""

from __future__ import annotations

import json

from mc_sie.priors.family_keys import FAMILIES
from mc_sie.quantities import MODES, QUANTITIES

_FOR_FEW = ("categorical", "absent")


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
    lines = [
        'title = "My beliefs"',
        'description = """Why they are what they are."""',
        "citations = []",
        f"extends = {json.dumps(extends)}  # everything not stated here is inherited",
        "# How do rho, alpha_compute and r fit together, which bottleneck is counted where?",
        "# (Inherited, unless this file states r or alpha_compute, as such or otherwise.)",
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
        *_family_lines(),
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
        '#   about = "pace_at_compute[0.1]"  # or another derived quantity, a quantity or an outcome',
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


def _family_lines() -> list[str]:
    """A line on each family, those that few quantities take at the end."""
    names = [name for name in FAMILIES if name not in _FOR_FEW] + list(_FOR_FEW)
    lines = []
    for name in names:
        stated = f'family = "{name}"'
        lines.append(f"#   {stated:23} {FAMILIES[name].hint}")
    return lines
