"""Every mistake that a prior file can have, each with file, key, value, reason and remedy in one message."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mc_sie.errors import InputError
from mc_sie.priors import entry as made
from mc_sie.priors import load_prior, pool
from mc_sie.priors.family_keys import as_quantiles
from mc_sie.quantities import QUANTITIES

HEAD = 'title = "t"\nbottlenecks = "counted once"\n'


def entry(name, body, unit="", source="s"):
    unit = unit or QUANTITIES[name].unit
    return f"[{name}]\n{body}\n" + (f'unit = "{unit}"\n' if name != "mode" else "") + f'source = "{source}"\n'


RHO = entry("rho", 'family = "uniform"\nlow = -0.4\nhigh = -0.1')
R = entry("r", 'family = "loguniform"\nlow = 0.4\nhigh = 3.6')
BASE = HEAD + RHO + R
MODES = "none, shortening, shortening_accelerating_only, continual, from_scratch"
NUMBERS = (
    "fixed, uniform, loguniform, normal, lognormal, shifted_lognormal, beta, triangular, pert, student_t, "
    "quantiles, interval, histogram, tabulated"
)
IN_RHO = "rho lies in [-50, 1): CES substitution parameter between labour and experiments; sigma = 1/(1 - rho)."
IN_LAM = "lam lies in (0, 3]: stepping on toes: exponent on labour inside the CES."
IN_ALPHA = "alpha_compute lies in [0, 1): CES weight on experiments; labour's weight is 1 - alpha_compute."
KNOWN = ["title", "description", "citations", "extends", "bottlenecks", "pool", "correlation", "evidence", *QUANTITIES]


def rho(body, **more):
    return HEAD + R + entry("rho", body, **more)


def lam(body, **more):
    return BASE + entry("lam", body, **more)


def mixture(*components):
    inner = ", ".join("{ " + component + " }" for component in components)
    return rho(f'family = "mixture"\ncomponents = [{inner}]')


MISTAKES = {
    "unknown key at the top": (
        'autor = "x"\n' + BASE,
        f'autor = "x" is not a quantity or a key of a prior file. Known: {", ".join(KNOWN)}.',
    ),
    "misspelt key at the top": (
        'extend = "epoch-2025"\n' + BASE,
        "extend = \"epoch-2025\" is not a quantity or a key of a prior file. Did you mean 'extends'?",
    ),
    "misspelt quantity": (
        BASE + entry("rho", "").replace("[rho]", "[alpha_comptue]"),
        "[alpha_comptue] is not a quantity or a key of a prior file. Did you mean 'alpha_compute'?",
    ),
    "unknown key in an entry": (
        rho('family = "uniform"\nlow = -1\nhihg = 0'),
        "[rho] hihg = 0 is not a key of family = \"uniform\". Did you mean 'high'?",
    ),
    "key of another family": (
        lam('family = "fixed"\nvalue = 1\ntruncate_low = 0.5'),
        '[lam] truncate_low = 0.5 is not a key of family = "fixed". Known: family, value, source, judgement, unit.',
    ),
    "missing unit": (
        BASE + '[training_months]\nfamily = "fixed"\nvalue = 3\nsource = "s"\n',
        '[training_months] has no unit. Add unit = "months".',
    ),
    "years for months": (
        BASE + entry("training_months", 'family = "fixed"\nvalue = 0.25', unit="years"),
        '[training_months] unit = "years" is not the unit of training_months, "months". '
        'Multiply by 12 and write unit = "months".',
    ),
    "per cent for shares": (
        BASE + entry("alpha_compute", 'family = "fixed"\nvalue = 50', unit="%"),
        '[alpha_compute] unit = "%" is not the unit of alpha_compute, "1". Divide by 100 and write unit = "1".',
    ),
    "another wrong unit": (
        lam('family = "fixed"\nvalue = 1', unit="OOM"),
        '[lam] unit = "OOM" is not the unit of lam, "1". Write unit = "1".',
    ),
    "missing source": (
        BASE + '[lam]\nfamily = "fixed"\nvalue = 1\nunit = "1"\n',
        '[lam] has no source. Add source = "...": a citation, or whose judgement it is.',
    ),
    "empty source": (
        lam('family = "fixed"\nvalue = 1', source=""),
        '[lam] source = "" is empty. Write something, or leave the key out where it may be left out.',
    ),
    "missing parameter": (
        lam('family = "uniform"\nlow = 0.5'),
        "[lam] has no high. It needs family, low, high.",
    ),
    "high below low": (
        rho('family = "uniform"\nlow = -0.1\nhigh = -0.4'),
        "[rho] high = -0.4 is below low = -0.1. Put the smaller number in low.",
    ),
    "high equals low": (
        rho('family = "uniform"\nlow = -0.1\nhigh = -0.1'),
        '[rho] high = -0.1 equals low = -0.1. For a single value use family = "fixed" with value = -0.1.',
    ),
    "loguniform from 0": (
        lam('family = "loguniform"\nlow = 0\nhigh = 1'),
        "[lam] low = 0 is not above 0. A loguniform needs 0 < low < high; with 0 or less inside, use uniform.",
    ),
    "loguniform of negative numbers": (
        rho('family = "loguniform"\nlow = -1.2\nhigh = -0.15'),
        "[rho] low = -1.2 is not above 0. A loguniform needs 0 < low < high; with 0 or less inside, use uniform.",
    ),
    "peak outside": (
        lam('family = "triangular"\nlow = 0\npeak = 3\nhigh = 1'),
        "[lam] peak = 3 is not between low = 0 and high = 1. The peak lies between the ends.",
    ),
    "sd of 0": (lam('family = "normal"\nmean = 1\nsd = 0'), "[lam] sd = 0 is not above 0. Give a larger number."),
    "negative median": (
        lam('family = "lognormal"\nmedian = -1\nsd_log = 1'),
        "[lam] median = -1 is not above 0. Give a larger number.",
    ),
    "rho above 1": (rho('family = "uniform"\nlow = 0\nhigh = 1.2'), f"[rho] high = 1.2 is above 1. {IN_RHO}"),
    "rho of 1": (rho('family = "fixed"\nvalue = 1'), f"[rho] value = 1 is not below 1. {IN_RHO}"),
    "rho below -50": (rho('family = "fixed"\nvalue = -51'), f"[rho] value = -51 is below -50. {IN_RHO}"),
    "alpha_compute of 1": (
        BASE + entry("alpha_compute", 'family = "fixed"\nvalue = 1'),
        f"[alpha_compute] value = 1 is not below 1. {IN_ALPHA}",
    ),
    "alpha_compute below 0": (
        BASE + entry("alpha_compute", 'family = "uniform"\nlow = -0.1\nhigh = 0.5'),
        f"[alpha_compute] low = -0.1 is below 0. {IN_ALPHA}",
    ),
    "normal that needs truncation": (
        lam('family = "normal"\nmean = 0.6\nsd = 0.2'),
        f'[lam] family = "normal" reaches below 0. {IN_LAM} Cut it with truncate_low = 0.',
    ),
    "normal that needs truncation on both sides": (
        lam('family = "normal"\nmean = 1.5\nsd = 0.5'),
        f'[lam] family = "normal" reaches below 0. {IN_LAM} Cut it with truncate_low = 0 and truncate_high = 3.',
    ),
    "truncation outside the domain": (
        lam('family = "normal"\nmean = 1.5\nsd = 0.5\ntruncate_low = 0\ntruncate_high = 4'),
        f"[lam] truncate_high = 4 is above 3. {IN_LAM}",
    ),
    "truncation that leaves nothing": (
        lam('family = "uniform"\nlow = 0\nhigh = 1\ntruncate_low = 2'),
        "[lam] truncate_low = 2 leaves nothing of the uniform from 0 to 1. Choose an interval that has probability.",
    ),
    "truncation the wrong way round": (
        lam('family = "uniform"\nlow = 0\nhigh = 1\ntruncate_low = 0.8\ntruncate_high = 0.2'),
        "[lam] truncate_low = 0.8 is not below truncate_high = 0.2. Put the smaller number first.",
    ),
    "r twice": (
        BASE + entry("r_total", 'family = "fixed"\nvalue = 1'),
        "[r_total] is given beside [r]. Both determine r: keep one of them.",
    ),
    "rho twice": (
        BASE + entry("sigma", 'family = "fixed"\nvalue = 1'),
        "[sigma] is given beside [rho]. Both determine rho: keep one of them.",
    ),
    "rho_long alone": (
        BASE + entry("rho_long", 'family = "fixed"\nvalue = 0'),
        "[rho_long] is given without [reconfiguration_half_life_months]. Give both or neither.",
    ),
    "half-life alone": (
        BASE + entry("reconfiguration_half_life_months", 'family = "fixed"\nvalue = 2'),
        "[reconfiguration_half_life_months] is given without [rho_long]. Give both or neither.",
    ),
    "half a second route": (
        BASE + entry("route2_rho", 'family = "fixed"\nvalue = 0'),
        "[route2_rho] is given without [route2_alpha_compute]. Give both or neither.",
    ),
    "shortening with reconfiguration": (
        BASE
        + entry("rho_long", 'family = "fixed"\nvalue = 0')
        + entry("reconfiguration_half_life_months", 'family = "fixed"\nvalue = 2')
        + entry("mode", 'family = "categorical"\nvalues = { shortening = 0.3, none = 0.7 }'),
        "[mode] gives shortening a credence of 30 % although [rho_long] is given. Shortening needs a law that does not "
        "change with time: choose other modes, or take away rho_long and reconfiguration_half_life_months with "
        'family = "absent".',
    ),
    "shortening of accelerating progress with reconfiguration": (
        BASE
        + entry("rho_long", 'family = "fixed"\nvalue = 0')
        + entry("reconfiguration_half_life_months", 'family = "fixed"\nvalue = 2')
        + entry("mode", 'family = "categorical"\nvalues = { shortening_accelerating_only = 0.3, none = 0.7 }'),
        "[mode] gives shortening_accelerating_only a credence of 30 % although [rho_long] is given. Shortening needs a "
        "law that does not change with time: choose other modes, or take away rho_long and "
        'reconfiguration_half_life_months with family = "absent".',
    ),
    "credences that do not sum to 1": (
        BASE + entry("mode", 'family = "categorical"\nvalues = { shortening = 0.5, none = 0.4 }'),
        "[mode] values = { shortening = 0.5, none = 0.4 } has weights that sum to 0.9, not 1. "
        "Make the weights sum to 1.",
    ),
    "negative credence": (
        BASE + entry("mode", 'family = "categorical"\nvalues = { shortening = -0.5, none = 1.5 }'),
        "[mode] values.shortening = -0.5 is below 0. Give a larger number.",
    ),
    "misspelt mode in a categorical": (
        BASE + entry("mode", 'family = "categorical"\nvalues = { shorteningg = 1 }'),
        "[mode] values.shorteningg = 1 is not one of the names. Did you mean 'shortening'?",
    ),
    "misspelt fixed mode": (
        BASE + entry("mode", 'family = "fixed"\nvalue = "continul"'),
        "[mode] value = \"continul\" is not one of the names. Did you mean 'continual'?",
    ),
    "number for a mode": (
        BASE + entry("mode", 'family = "fixed"\nvalue = 1'),
        f"[mode] value = 1 is not one of the names. Known: {MODES}.",
    ),
    "continuous family for mode": (
        BASE + entry("mode", 'family = "uniform"\nlow = 0\nhigh = 1'),
        '[mode] family = "uniform" is not a family for mode. mode is one of a few names. Known: fixed, categorical.',
    ),
    "categorical for a number": (
        lam('family = "categorical"\nvalues = { none = 1 }'),
        '[lam] family = "categorical" is not a family for lam. '
        "Only mode has categories; numbers with weights are a mixture of fixed values.",
    ),
    "absent for what is not optional": (
        lam('family = "absent"'),
        '[lam] family = "absent" is not a family for lam. Only what is optional can be absent: speedup_initial, '
        "rho_long, reconfiguration_half_life_months, route2_rho, route2_alpha_compute.",
    ),
    "unknown family": (
        lam('family = "unifrom"\nlow = 0\nhigh = 1'),
        "[lam] family = \"unifrom\" is not a family for lam. Did you mean 'uniform'?",
    ),
    "no family": (
        lam("low = 0\nhigh = 1"),
        f'[lam] has no family. Add one, e.g. family = "uniform"; or: categorical, {NUMBERS}, mixture, '
        "linear_pool, absent.",
    ),
    "not a table": (
        "lam = 3\n" + BASE,
        "lam = 3 is not a table. Write it as a table: its family, and the keys of that family.",
    ),
    "weights of a mixture": (
        mixture('weight = 0.5, family = "fixed", value = 0', 'weight = 0.4, family = "fixed", value = -1'),
        "[rho] components has weights that sum to 0.9, not 1. Make the weights sum to 1.",
    ),
    "negative weight": (
        mixture('weight = -0.5, family = "fixed", value = 0', 'weight = 1.5, family = "fixed", value = -1'),
        "[rho] components[0].weight = -0.5 is below 0. Give a larger number.",
    ),
    "no weight": (
        mixture('family = "fixed", value = 0'),
        "[rho] components[0] has no weight. Every component needs its weight.",
    ),
    "misspelt key in a component": (
        mixture('weight = 0.5, family = "fixed", value = 0', 'weight = 0.5, family = "uniform", low = -1, hgh = 0'),
        "[rho] components[1].hgh = 0 is not a key of family = \"uniform\". Did you mean 'high'?",
    ),
    "component outside the domain": (
        mixture('weight = 0.5, family = "fixed", value = 0', 'weight = 0.5, family = "uniform", low = -1, high = 2'),
        f"[rho] components[1].high = 2 is above 1. {IN_RHO}",
    ),
    "component that needs truncation": (
        mixture('weight = 0.5, family = "fixed", value = 0', 'weight = 0.5, family = "normal", mean = 0, sd = 1'),
        f'[rho] components[1].family = "normal" reaches above 1. {IN_RHO} Cut it with truncate_high = 1.',
    ),
    "mixture in a mixture": (
        mixture('weight = 1, family = "mixture", components = []'),
        f'[rho] components[0].family = "mixture" is not a family for a component. Known: {NUMBERS}.',
    ),
    "empty mixture": (mixture(), "[rho] components = [] is empty. Give at least one."),
    "quantiles in the wrong order": (
        lam('family = "quantiles"\nquantiles = { q05 = 1, q50 = 0.5 }\nfit = "lognormal"'),
        "[lam] quantiles.q05 = 1 is not below q50 = 0.5. Quantiles rise with their probability.",
    ),
    "quantiles that the family cannot have": (
        lam('family = "quantiles"\nquantiles = { q05 = 0.1, q50 = 0.8, q95 = 0.9 }\nfit = "lognormal"'),
        '[lam] fit = "lognormal" cannot have those quantiles: the nearest has q50 = 0.416, given 0.8. '
        'fit = "metalog" may have them exactly; or name another family, state two quantiles, use a mixture.',
    ),
    "misspelt fit": (
        lam('family = "quantiles"\nquantiles = { q05 = 0.1, q50 = 0.8 }\nfit = "lognorml"'),
        "[lam] fit = \"lognorml\" is not one of the names. Did you mean 'lognormal'?",
    ),
    "no fit": (
        lam('family = "interval"\nmean = 0.5\ninterval = [0.1, 0.8]'),
        "[lam] has no fit. It needs family, fit, mean, interval.",
    ),
    "an interval without a mean": (
        lam('family = "interval"\ninterval = [0.1, 0.8]\nfit = "lognormal"'),
        f"[lam] has no mean. It needs family, fit, mean, interval. {as_quantiles('lognormal')}",
    ),
    "an interval of a family with parameters": (
        lam('family = "lognormal"\ninterval = [0.1, 0.8]'),
        f'[lam] interval = [0.1, 0.8] is not a key of family = "lognormal". {as_quantiles("lognormal")}',
    ),
    "quantiles that no metalog has": (
        rho('family = "quantiles"\nquantiles = { q05 = -0.5, q50 = -0.05, q95 = -0.02 }'),
        "[rho] quantiles.q50 = -0.05 cannot be met with the others: no metalog has them. q50 = -0.0706 would go with "
        "them. With high = 0.12 there is one for all of them. Or state fewer quantiles, or a mixture.",
    ),
    "quantiles that only a metalog of two humps has": (
        BASE + entry("alpha_compute", 'family = "quantiles"\nquantiles = { q05 = 0.01, q50 = 0.5, q95 = 0.99 }'),
        "[alpha_compute] quantiles.q50 = 0.5 cannot be met with the others: only a metalog of several humps has them. "
        "Or state fewer quantiles, or a mixture.",
    ),
    "a quantile outside the domain": (
        rho('family = "quantiles"\nquantiles = { q05 = -0.5, q50 = -0.15, q95 = 1.2 }'),
        "[rho] quantiles.q95 = 1.2 is not between low = -50 and high = 1. "
        "Quantiles lie strictly between low and high, which are the ends of the domain unless given.",
    ),
    "a bound of a metalog outside the domain": (
        rho('family = "quantiles"\nquantiles = { q05 = -0.5, q50 = -0.15, q95 = 0.2 }\nhigh = 2'),
        f"[rho] high = 2 is above 1. {IN_RHO}",
    ),
    "misnamed quantile": (
        lam('family = "quantiles"\nquantiles = { p05 = 0.1, q50 = 0.8 }\nfit = "normal"'),
        "[lam] quantiles.p05 = 0.1 is not named like a quantile. "
        "Write q and the decimals of a probability between 0 and 1: q05 for 5 %, q50, q95, q975 for 97.5 %.",
    ),
    "one quantile": (
        lam('family = "quantiles"\nquantiles = { q50 = 0.8 }\nfit = "normal"'),
        "[lam] quantiles = { q50 = 0.8 } has 1, not two or three. State two or three quantiles.",
    ),
    "student t without df": (
        lam('family = "quantiles"\nquantiles = { q05 = 0.1, q50 = 0.8 }\nfit = "student_t"'),
        '[lam] has no df. Nothing else determines it: fit = "student_t" needs df.',
    ),
    "df for a normal": (
        lam('family = "quantiles"\nquantiles = { q05 = 0.1, q50 = 0.8 }\nfit = "normal"\ndf = 3'),
        '[lam] df = 3 does not belong to fit = "normal". df is for student_t, low and high for beta and metalog.',
    ),
    "TOML that does not parse": (
        'title = "t"\n[rho\n',
        "line 2, column 5 is not TOML: expected ']' at the end of a table declaration.",
    ),
    "TOML that ends too early": ('title = "t', "line 1, column 11 is not TOML: unterminated string."),
    "empty file": ("", "is empty. Start one with `mc-sie priors new FILE`."),
    "no title": (RHO + R, 'has no title. Add title = "..." on the first line.'),
    "no rho": (
        HEAD + R,
        "does not say what rho is. Give one of [rho], [sigma], [max_speed], or extend a set that has it.",
    ),
    "no r": (
        HEAD + RHO,
        "does not say what r is. Give one of [r], [r_total], [r_cumulative], or extend a set that has it.",
    ),
    "nan": (lam('family = "uniform"\nlow = nan\nhigh = 1'), "[lam] low = nan is not a number. Give a finite number."),
    "nan, fixed": (lam('family = "fixed"\nvalue = nan'), "[lam] value = nan is not a number."),
    "inf": (lam('family = "uniform"\nlow = 0\nhigh = inf'), "[lam] high = inf is not finite. Give a finite number."),
    "inf, fixed": (lam('family = "fixed"\nvalue = inf'), f"[lam] value = inf is above 3. {IN_LAM}"),
    "true for a number": (
        lam('family = "fixed"\nvalue = true'),
        "[lam] value = true is not a number. Write a number without quotes.",
    ),
    "text for a number": (
        lam('family = "fixed"\nvalue = "1"'),
        '[lam] value = "1" is not a number. Write a number without quotes.',
    ),
    "date for a number": (
        lam('family = "fixed"\nvalue = 2025-04-04'),
        "[lam] value = 2025-04-04 is not a number. Write a number without quotes.",
    ),
    "number for text": ("title = 3\n" + RHO + R, "title = 3 is not text. Write it in quotes."),
    "text for a list": ('citations = "c"\n' + BASE, 'citations = "c" is not a list. Write it in square brackets.'),
    "sigma too near 0": (
        HEAD + R + entry("sigma", 'family = "uniform"\nlow = 0.01\nhigh = 1'),
        "[sigma] makes rho = -99 possible, outside [-50, 1). "
        "rho = (sigma - 1)/sigma: keep sigma above 1/51 with truncate_low = 0.02.",
    ),
    "max_speed without weight on experiments": (
        HEAD
        + R
        + entry("max_speed", 'family = "fixed"\nvalue = 10')
        + entry("alpha_compute", 'family = "fixed"\nvalue = 0'),
        "[max_speed] makes rho = -inf possible, outside [-50, 1). rho = ln(alpha_compute)/ln(max_speed): "
        "keep max_speed, and max_speed_compute beside it, away from 1 and alpha_compute from 0 with truncate_low.",
    ),
    "r_total that makes r too small": (
        HEAD + RHO + entry("r_total", 'family = "uniform"\nlow = 0\nhigh = 1'),
        "[r_total] makes r = 5.551e-17 possible, outside [0.01, 100]. "
        "r = (1 - alpha_compute) labour_per_efficiency r_total: truncate what makes it so small or large.",
    ),
    "unknown prior to extend": (
        'extends = "davidson-2052"\n' + HEAD,
        "extends = \"davidson-2052\" is neither a shipped prior nor an existing file. Did you mean 'davidson-2025'?",
    ),
    "extends itself": (
        'extends = "mine.toml"\n' + HEAD,
        'extends = "mine.toml" leads back to itself: mine.toml -> mine.toml. Take one link out.',
    ),
    "extends a pool": (
        'extends = "pool.toml"\n' + HEAD,
        'extends = "pool.toml" is a pool, which has no entries to inherit. Extend one of its members.',
    ),
    "weights of a pool": (
        HEAD + '[pool]\nmembers = { "other.toml" = 0.5 }\nsource = "s"\n',
        '[pool] members = { "other.toml" = 0.5 } has weights that sum to 0.5, not 1. Make the weights sum to 1.',
    ),
    "unknown member": (
        HEAD + '[pool]\nmembers = { "epoch-2026" = 1 }\nsource = "s"\n',
        "[pool] members.epoch-2026 = 1 is neither a shipped prior nor an existing file. Did you mean 'epoch-2025'?",
    ),
    "pool in a pool": (
        HEAD + '[pool]\nmembers = { "pool.toml" = 1 }\nsource = "s"\n',
        '[pool] members."pool.toml" = 1 is itself a pool. List its members here, with their weights multiplied out.',
    ),
    "pool of itself": (
        HEAD + '[pool]\nmembers = { "mine.toml" = 1 }\nsource = "s"\n',
        '[pool] members."mine.toml" = 1 leads back to itself: mine.toml -> mine.toml. Take one link out.',
    ),
    "pool with a quantity": (
        HEAD + RHO + '[pool]\nmembers = { "other.toml" = 1 }\nsource = "s"\n',
        "[rho] stands beside [pool]. A pool takes whole sets: state this in a file of its own and make that a member.",
    ),
    "pool that extends": (
        'extends = "other.toml"\n' + HEAD + '[pool]\nmembers = { "other.toml" = 1 }\nsource = "s"\n',
        'extends = "other.toml" stands beside [pool]. '
        "A pool takes whole sets: state this in a file of its own and make that a member.",
    ),
    "misspelt key of a pool": (
        HEAD + '[pool]\nmembers = { "other.toml" = 1 }\nsourc = "s"\n',
        "[pool] sourc = \"s\" is not a key of a pool. Did you mean 'source'?",
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.toml").write_text(BASE)
    (tmp_path / "pool.toml").write_text(HEAD + '[pool]\nmembers = { "other.toml" = 1 }\nsource = "s"\n')
    return tmp_path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained(folder, name):
    text, message = MISTAKES[name]
    (folder / "mine.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_prior("mine.toml")
    separator = " " if message.startswith(("is ", "has ", "does ")) else ": "
    assert str(caught.value) == f"mine.toml{separator}{message}"


SEVERAL = {
    "two bad entries": (
        HEAD + entry("rho", 'family = "uniform"\nlow = 0\nhigh = 1.2') + R
        + entry("lam", 'family = "beta"\na = 0\nb = 1'),
        [f": [rho] high = 1.2 is above 1. {IN_RHO}", ": [lam] a = 0 is not above 0. Give a larger number."],
    ),
    "an unknown key and a bad value": (
        'autor = "x"\n' + lam('family = "fixed"\nvalue = 4'),
        [f': autor = "x" is not a quantity or a key of a prior file. Known: {", ".join(KNOWN)}.',
         f": [lam] value = 4 is above 3. {IN_LAM}"],
    ),
    "an unknown key and a bad value in one entry": (
        rho('family = "normal"\nmean = 0\nsd = -1\npeak = 2'),
        [": [rho] peak = 2 is not a key of family = \"normal\". Known: family, truncate_low, truncate_high, mean, sd, "
         "source, judgement, unit.",
         ": [rho] sd = -1 is not above 0. Give a larger number."],
    ),
    "evidence and an entry": (
        lam('family = "fixed"\nvalue = 0') + '[[evidence]]\nname = "e"\nabout = "rho"\nlikelihood = "normal"\n'
        'value = -0.2\nsd = 0\nunit = "1"\nsource = "s"\n',
        [": evidence[0].sd = 0 is not above 0. Give a larger number.", f": [lam] value = 0 is not above 0. {IN_LAM}"],
    ),
    "a number beyond all and a bad value": (
        rho('family = "uniform"\nlow = -1e300\nhigh = 0') + entry("lam", 'family = "fixed"\nvalue = 4'),
        [": [rho] low is neither 0 nor between 1e-100 and 1e+100 in size. No distribution can be computed "
         "from it.", f": [lam] value = 4 is above 3. {IN_LAM}"],
    ),
    "a bad value, and a quantity that lacks": (
        HEAD + entry("rho", 'family = "fixed"\nvalue = 2'),
        [f": [rho] value = 2 is above 1. {IN_RHO}",
         " does not say what r is. Give one of [r], [r_total], [r_cumulative], or extend a set that has it."],
    ),
    "nothing of what is needed": (
        HEAD,
        [" does not say what rho is. Give one of [rho], [sigma], [max_speed], or extend a set that has it.",
         " does not say what r is. Give one of [r], [r_total], [r_cumulative], or extend a set that has it."],
    ),
    "a quantity twice, and correlations that cannot be": (
        BASE + entry("sigma", 'family = "fixed"\nvalue = 0.5')
        + '[[correlation]]\nbetween = ["r", "lam"]\nspearman = 0.5\nsource = "s"\n',
        [": [sigma] is given beside [rho]. Both determine rho: keep one of them.",
         ': correlation[0].between = ["r", "lam"] names lam, which is left to its default (1). '
         "Give [lam] a range, or take the correlation away."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_all_mistakes_of_a_file_are_said_at_once(folder, name):
    text, messages = SEVERAL[name]
    (folder / "mine.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_prior("mine.toml")
    head, *lines = str(caught.value).split("\n")
    assert head == f"mine.toml has {len(messages)} errors:"
    assert sorted(lines) == sorted(f"mine.toml{message}" for message in messages)


def test_of_dozens_of_mistakes_twenty_are_shown(folder):
    components = ", ".join(f'{{ weight = 0.02, family = "uniform", low = {k}, high = 0 }}' for k in range(1, 51))
    (folder / "mine.toml").write_text(rho(f'family = "mixture"\ncomponents = [{components}]'))
    with pytest.raises(InputError) as caught:
        load_prior("mine.toml")
    lines = str(caught.value).split("\n")
    assert (lines[0], len(lines), lines[-1]) == ("mine.toml has 50 errors:", 22, "... and 30 more.")
    assert lines[20].startswith("mine.toml: [rho] components[19].high = 0 is below low = 20.")


def test_the_base_file_itself_is_right(folder):
    assert load_prior("other.toml").warnings == ()
    assert load_prior("pool.toml").members


def test_an_inherited_mistake_names_the_file_it_is_in(folder):
    (folder / "base.toml").write_text(rho('family = "uniform"\nlow = 0\nhigh = 1.2'))
    (folder / "mine.toml").write_text(HEAD + 'extends = "base.toml"\n')
    with pytest.raises(InputError, match=r"^base\.toml: \[rho\] high is above 1\."):
        load_prior("mine.toml")


def test_a_circle_of_files_is_shown(folder):
    for name, target in (("a", "b"), ("b", "c"), ("c", "b")):
        (folder / f"{name}.toml").write_text(f'title = "t"\nextends = "{target}.toml"\n')
    with pytest.raises(InputError) as caught:
        load_prior("a.toml")
    expected = 'c.toml: extends = "b.toml" leads back to itself: b.toml -> c.toml -> b.toml. Take one link out.'
    assert str(caught.value) == expected


def test_a_folder_is_not_a_prior(folder):
    (folder / "sub").mkdir()
    with pytest.raises(InputError, match=r"^sub is a folder, not a prior file\. Give the path of a \.toml file\.$"):
        load_prior("sub")


def test_other_encodings_are_refused_with_the_byte(folder):
    (folder / "mine.toml").write_bytes(b'title = "Erd\xf6s"\n')
    expected = r"^mine\.toml: byte 12 \(0xf6\) is not UTF-8\. Save the file as UTF-8\.$"
    with pytest.raises(InputError, match=expected):
        load_prior("mine.toml")


@pytest.mark.parametrize(
    "name", ["davidson-2052", Path("davidson-2052"), "davidson-2052.toml", Path("sub/davidson-2052.toml")]
)
def test_an_unknown_prior_suggests_the_nearest(folder, name):
    with pytest.raises(InputError) as caught:
        load_prior(name)
    expected = f"prior '{name}' is neither a shipped prior nor an existing file. Did you mean 'davidson-2025'?"
    assert str(caught.value) == expected


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(folder):
    (folder / "other.toml").chmod(0)
    with pytest.raises(InputError, match=r"^other\.toml cannot be read: Permission denied\.$"):
        load_prior("other.toml")


def test_no_message_shows_the_validator(folder):
    for text, _ in MISTAKES.values():
        (folder / "mine.toml").write_text(text)
        with pytest.raises(InputError) as caught:
            load_prior("mine.toml")
        assert "pydantic" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert json.dumps(str(caught.value))


@pytest.mark.parametrize("true", [True, np.bool_(True)])
def test_true_is_no_number(true):
    """It is 1 to Python, and was taken for it."""
    prior = load_prior("davidson-2025")
    for refused in (
        lambda: made("r", true, source="s", unit="1"),
        lambda: made("r", {"family": "fixed", "value": true}, source="s", unit="1"),
        lambda: made("r", {"family": "uniform", "low": true, "high": 2.0}, source="s", unit="1"),
        lambda: made("r", {"family": "histogram", "edges": [0.5, true], "chips": [1]}, source="s", unit="1"),
        lambda: prior.pinned("r", true),
        lambda: pool("p", [(prior, true)], "s"),
    ):
        with pytest.raises(InputError, match=r"is not a number|has no quantile function"):
            refused()


@pytest.mark.parametrize("text", [" ", "\t\n", "\u00a0", "\u200b", "\u3000"])
def test_a_blank_source_is_none(text):
    distribution = {"family": "uniform", "low": 0.5, "high": 2.0}
    with pytest.raises(InputError, match="is blank"):
        made("r", distribution, source=text, unit="1")
    with pytest.raises(InputError, match=r"is blank|is empty"):
        pool("p", [(load_prior("davidson-2025"), 1.0)], text)


def test_a_pool_made_in_python_is_checked_as_one_in_a_file():
    one, other = load_prior("davidson-2025"), load_prior("epoch-2025")
    for members, why in (
        ([(one, 0.5), (one, 0.5)], "is a second member of the name 'davidson-2025'"),
        ([(one, 0.5), (other, 0.4)], "has weights that sum to 0.9, not 1"),
        ([(one, 0.5), (load_prior("agnostic"), 0.5)], "is itself a pool"),
        ([(one, 0.5), (load_prior("economists-evidence"), 0.5)], "is conditioned on evidence"),
        ([], "is empty"),
    ):
        with pytest.raises(InputError, match=why):
            pool("p", members, "s")
