"""The one table of quantities: code name, label, symbol, unit, bounds, default, meaning.

Everything else that needs a fact about a quantity reads it here: the prior files' schema, the sampler's dimensions, the
defaults of ``evaluate`` and the tables that ``priors show`` prints. The names are those of the prior files and of every
table the program writes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

MODES = ("none", "shortening", "shortening_accelerating_only", "continual", "from_scratch")
"""Retraining modes, in the fixed order in which ``mode`` is cut from its own dimension of the sample."""

_BY_RUNS = ("continual", "from_scratch")
"""Modes in which the deployed system lags behind software."""

_FROM_SCRATCH = ("from_scratch",)

_BY_TIME = ("none", "continual", "from_scratch")
"""Modes in which the law may change with time."""

HORIZON_MONTHS_DEFAULT = 240.0
"""End of the simulation when nothing else is asked for (20 years)."""

HORIZON_MONTHS_HIGH = 12_000.0
"""Longest horizon that is accepted (1,000 years)."""


TOP_OOMS = 20.0
"""A trajectory is followed until effective compute has risen by so many OOM."""

TIE_OOMS = 1e-9
"""Gains from scratch that differ by less are equal: with Delta = 0.5, ten of them are 5 OOM whatever the rounding."""

SOFTWARE_CAP_OOMS = 40.0
"""Software is held there if its limit lies beyond."""


@dataclass(frozen=True)
class Quantity:
    """One quantity, before any prior is stated.

    Attributes
    ----------
    name : str
        Code name, the same in files, tables and code.
    label : str
        Name for people, where nobody has to type it: ``"returns to software R&D"``.
    symbol : str
        Symbol used in the equations.
    unit : str
        ``"1"`` (dimensionless), ``"x"`` (a factor), ``"OOM"`` or ``"months"``; ``"mode"`` for the retraining mode.
    low, high : float
        Bounds of the domain.
    low_open, high_open : bool
        True where the bound itself is excluded.
    dimension : int
        Permanent dimension of the low-discrepancy sequence. Quantities that determine the same thing share one, so
        that two people who state it differently still see common random numbers.
    meaning : str
        One line for tables and documentation.
    default : float or str, optional
        Value when nothing is given; ``None`` when there is none.
    default_is_ours : bool
        The default has no published value and is this project's judgement.
    optional : bool
        The quantity may be absent altogether (``nan`` in arrays, an empty cell in tables).
    determines : str, optional
        For a reparametrisation such as ``sigma``: the quantity it determines.
    scale : {"linear", "log", "logit"}
        Natural scale, on which a shift of the prior is meaningful.
    modes : tuple of str
        Retraining modes in which it acts: elsewhere no outcome depends on it.
    """

    name: str
    label: str
    symbol: str
    unit: str
    low: float
    high: float
    dimension: int
    meaning: str
    default: float | str | None = None
    default_is_ours: bool = False
    optional: bool = False
    low_open: bool = False
    high_open: bool = False
    determines: str | None = None
    scale: str = "linear"
    modes: tuple[str, ...] = MODES

    @property
    def determined(self) -> str:
        """Code name of the model quantity that it is or determines: ``"rho"`` for ``sigma``."""
        return self.determines or self.name

    def contains(self, value: float) -> bool:
        """True where a value lies in the domain.

        Parameters
        ----------
        value : float
            In the quantity's unit.

        Returns
        -------
        bool
            False for nan.
        """
        if not self.low <= value <= self.high:
            return False
        return not (self.low_open and value == self.low) and not (self.high_open and value == self.high)

    @property
    def domain(self) -> str:
        """The domain in interval notation, e.g. ``[-50, 1)``."""
        left = "(" if self.low_open or math.isinf(self.low) else "["
        right = ")" if self.high_open else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"


_TABLE = (
    Quantity(
        "rho", "substitution of labour for experiments", "rho", "1", -50.0, 1.0, 0,
        "CES substitution parameter between labour and experiments; sigma = 1/(1 - rho)",
        high_open=True,
    ),
    Quantity(
        "r", "returns to software R&D", "r", "1", 0.01, 100.0, 1,
        "returns to software R&D, deflated by the labour weight, in labour-equivalent units: with rho = 0 and phi = 0 "
        "progress accelerates if and only if r > 1",
        scale="log",
    ),
    Quantity(
        "mode", "retraining mode", "mode", "mode", 0.0, float(len(MODES) - 1), 2,
        "how new algorithms reach the deployed system (retraining mode)",
        default="none",
    ),
    Quantity(
        "lam", "stepping on toes", "lambda", "1", 0.0, 3.0, 3,
        "stepping on toes: exponent on labour inside the CES",
        default=1.0, low_open=True, scale="log",
    ),
    Quantity(
        "alpha_compute", "weight on experiments", "alpha", "1", 0.0, 1.0, 4,
        "CES weight on experiments; labour's weight is 1 - alpha_compute",
        default=0.5, high_open=True, scale="logit",
    ),
    Quantity(
        "limit_ooms", "distance to the limits of software", "D", "OOM", 0.0, math.inf, 5,
        "distance of software from effective limits at t = 0; inf means no limit",
        default=math.inf, low_open=True, scale="log",
    ),
    Quantity(
        "labour_multiplier", "labour on the day of automation", "Lambda", "x", 0.0, 1e12, 6,
        "cognitive labour on the day of automation, relative to the human research force before it",
        default=900.0, low_open=True, scale="log",
    ),
    Quantity(
        "speedup_initial", "pace on the day of automation", "f", "x", 0.0, 1e9, 7,
        "pace of software progress on the day of automation, relative to before it; follows from the CES if not given",
        optional=True, low_open=True, scale="log",
    ),
    Quantity(
        "labour_per_efficiency", "labour gained per doubling of efficiency", "mu", "1", 0.0, 10.0, 8,
        "doublings of labour-equivalents per doubling of training efficiency",
        default=2.0, low_open=True, scale="log",
    ),
    Quantity(
        "experiment_efficiency_share", "efficiency that makes experiments cheaper", "phi", "1", 0.0, 1.0, 9,
        "share of efficiency gains that also buy more experiments: 0 = only near-frontier experiments count, "
        "1 = experiments get cheaper one for one",
        default=0.0, scale="logit",
    ),
    Quantity(
        "software_doubling_months", "software doubling time before automation", "T_pre", "months", 0.0, 1200.0, 10,
        "doubling time of training efficiency before automation",
        default=6.0, low_open=True, scale="log",
    ),
    Quantity(
        "training_months", "duration of the first training run", "tau_0", "months", 0.0, 1200.0, 11,
        "duration of the training run that produced the first fully-automating system",
        default=3.0, low_open=True, scale="log", modes=_BY_RUNS,
    ),
    Quantity(
        "training_floor_months", "shortest training run", "tau_min", "months", 0.0, 1200.0, 12,
        "no training run is shorter",
        default=0.1, default_is_ours=True, scale="log", modes=_FROM_SCRATCH,
    ),
    Quantity(
        "shortening_exponent", "shortening of training runs", "eta", "1", 0.0, 5.0, 13,
        "how training runs shorten as the pace rises: 0 = not at all, 1 = each doubling of the pace halves them",
        default=1.0, default_is_ours=True, modes=_FROM_SCRATCH,
    ),
    Quantity(
        "post_training_share", "progress that needs no retraining", "psi", "1", 0.0, 1.0, 14,
        "share of software progress that works without retraining",
        default=0.0, default_is_ours=True, scale="logit", modes=_BY_RUNS,
    ),
    Quantity(
        "retraining_compute_share", "compute for continual retraining", "chi", "1", 0.0, 1000.0, 15,
        "training FLOP/s during continual retraining, relative to the initial run",
        default=0.5, low_open=True, scale="log", modes=("continual",),
    ),
    Quantity(
        "generation_gain_ooms", "gain that is worth a new training run", "Delta", "OOM", 0.01, 20.0, 16,
        "smallest gain in effective compute worth a new training run from scratch",
        default=0.5, default_is_ours=True, scale="log", modes=_FROM_SCRATCH,
    ),
    Quantity(
        "rho_long", "substitution in the long run", "rho_long", "1", -50.0, 1.0, 17,
        "rho in the long run, once research is reorganised around abundant labour",
        optional=True, high_open=True, modes=_BY_TIME,
    ),
    Quantity(
        "reconfiguration_half_life_months", "half-life of reorganisation", "h", "months", 0.0, 1e6, 18,
        "half-life with which rho moves to rho_long",
        optional=True, low_open=True, scale="log", modes=_BY_TIME,
    ),
    Quantity(
        "route2_rho", "substitution on the second route", "rho_2", "1", -50.0, 1.0, 19,
        "rho of a second route to progress; research uses the better route",
        optional=True, high_open=True,
    ),
    Quantity(
        "route2_alpha_compute", "weight on experiments on the second route", "alpha_2", "1", 0.0, 1.0, 20,
        "CES weight on experiments of the second route",
        optional=True, high_open=True, scale="logit",
    ),
    Quantity(
        "sigma", "elasticity of substitution", "sigma", "1", 0.0, math.inf, 0,
        "elasticity of substitution between labour and experiments; rho = (sigma - 1)/sigma",
        low_open=True, high_open=True, determines="rho", scale="log",
    ),
    Quantity(
        "max_speed", "largest pace with unlimited labour", "alpha^(1/rho)", "x", 1.0, math.inf, 0,
        "largest pace with unlimited labour and fixed compute, relative to before automation; "
        "rho = ln(alpha_compute)/ln(max_speed)",
        low_open=True, determines="rho", scale="log",
    ),
    Quantity(
        "r_total", "returns to all research input", "r_total", "1", 0.0, 200.0, 1,
        "returns on total research input (lambda/beta, undeflated), in training-efficiency doublings; "
        "r = (1 - alpha_compute) mu r_total",
        low_open=True, determines="r", scale="log",
    ),
    Quantity(
        "max_speed_compute", "largest pace with unlimited compute", "(1-alpha)^(1/rho)", "x", 1.0, math.inf, 4,
        "largest pace with unlimited experiment compute and fixed labour, relative to before automation; stated beside "
        "max_speed, with which it determines alpha_compute and rho: max_speed^rho + max_speed_compute^rho = 1",
        low_open=True, high_open=True, determines="alpha_compute", scale="log",
    ),
    Quantity(
        "r_cumulative", "returns to cumulative research", "1/beta", "1", 0.0, 1000.0, 1,
        "doublings of training efficiency per doubling of cumulative research output, stepping on toes and the labour "
        "share already in that output (1/beta); r = lam (1 - alpha_compute) mu r_cumulative",
        low_open=True, determines="r", scale="log",
    ),
)  # fmt: skip

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _TABLE}
"""Every quantity by its code name, the reparametrisations (``sigma``, ``max_speed``, ...) included."""

MODEL_QUANTITIES: tuple[str, ...] = tuple(q.name for q in _TABLE if q.determines is None)
"""Names of the quantities that the law of motion takes, in the order of the table."""


@dataclass(frozen=True)
class Idle:
    """Other quantities as they must be for a quantity to have no effect, in any mode.

    Attributes
    ----------
    name : str
        Code name of the quantity.
    why : str
        The same in words.
    stated, absent : tuple of str
        Optional quantities that are given, and that are not.
    at : tuple of (str, float)
        Quantities that have one value.
    """

    name: str
    why: str
    stated: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    at: tuple[tuple[str, float], ...] = ()

    def holds(self, known: Mapping[str, float]) -> bool:
        """True where the quantity has no effect.

        Parameters
        ----------
        known : mapping of str to float
            Quantities that have one value, nan for one that is not given. Those that vary are left out.

        Returns
        -------
        bool
            False where it may have one.
        """
        is_given = all(not math.isnan(known.get(name, 1.0)) for name in self.stated)
        is_absent = all(math.isnan(known.get(name, 1.0)) for name in self.absent)
        return is_given and is_absent and all(known.get(name) == value for name, value in self.at)


IDLE = (
    Idle(
        "labour_multiplier", "speedup_initial is given and rho is 0",
        stated=("speedup_initial",), absent=("rho_long", "route2_rho"), at=(("rho", 0.0),),
    ),
    Idle("training_floor_months", "shortening_exponent is 0", at=(("shortening_exponent", 0.0),)),
)  # fmt: skip
"""Quantities that others leave without effect; :attr:`Quantity.modes` says what the retraining mode does."""

PAIRED = (
    ("rho_long", "reconfiguration_half_life_months"),
    ("route2_rho", "route2_alpha_compute"),
)
"""Optional quantities that are given both or not at all."""

BLOCKS: dict[str, tuple[str, ...]] = {
    "substitution": (
        "rho", "sigma", "max_speed", "rho_long", "reconfiguration_half_life_months", "route2_rho",
        "route2_alpha_compute",
    ),
    "returns": ("r", "r_total", "r_cumulative"),
    "initial_pace": ("speedup_initial", "labour_multiplier"),
    "retraining": (
        "mode", "training_months", "training_floor_months", "shortening_exponent", "post_training_share",
        "retraining_compute_share", "generation_gain_ooms",
    ),
}  # fmt: skip
"""Quantities that mean something only together, by the block's name: a comparison takes a block from one set whole."""

BLOCKS |= {
    q.name: (q.name, *(other.name for other in _TABLE if other.determines == q.name))
    for q in _TABLE
    if q.determines is None and not any(q.name in block for block in BLOCKS.values())
}

PRIOR_SET_DIMENSION = 21
"""Dimension of the latent "which prior set" that a pool of whole sets draws from."""

N_DIMENSIONS = 22
"""Dimensions of the low-discrepancy sequence in use."""

GROUPS: dict[str, tuple[str, ...]] = {
    "compute bottleneck": (
        "rho", "rho_long", "reconfiguration_half_life_months", "route2_rho", "route2_alpha_compute", "alpha_compute",
        "experiment_efficiency_share",
    ),
    "returns": ("r",),
    "retraining": (
        "mode", "training_months", "training_floor_months", "shortening_exponent", "post_training_share",
        "retraining_compute_share", "generation_gain_ooms",
    ),
    "speed on day one": ("speedup_initial", "labour_multiplier"),
    "stepping on toes": ("lam",),
    "limits": ("limit_ooms",),
    "labour per efficiency": ("labour_per_efficiency",),
    "pace before automation": ("software_doubling_months",),
}  # fmt: skip
"""Model quantities that a reader would argue about as one thing, by group, each in exactly one."""


def group(name: str) -> str:
    """The group of :data:`GROUPS` that a quantity belongs to.

    Parameters
    ----------
    name : str
        Code name; a reparametrisation belongs where what it determines does.

    Returns
    -------
    str
        A name that is no quantity (``prior_set``) is a group of its own, in words.
    """
    determined = QUANTITIES[name].determined if name in QUANTITIES else name
    for title, names in GROUPS.items():
        if determined in names:
            return title
    return name.replace("_", " ")
