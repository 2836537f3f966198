"""The slow, obvious reference solution of the law of motion, which the fast kernels are held to.

    ds/dt = g M / 12 per month,  g = 12 log10(2) / T_pre
    M     = f0 R(L^lam, K) / R(Lambda^lam, 1) * limit(s)
    R     = max over the routes of [alpha K^rho + (1-alpha) X^rho]^(1/rho)
    L     = Lambda 10^(mu [(1-psi) a + psi s]),  K = 10^(phi s)
    limit = (1 - s/D)^(beta D ln 10),  beta = lam (1-alpha) mu / r

Software is followed in z = -D ln(1 - s/D) (z = s without a limit), where limit(s) = 10^(-beta z)
has no singularity. An autonomous law is integrated as t(z) = int ds / (ds/dt), on panels of
Gauss-Legendre nodes; anything else by DOP853 in an arc length of (s, a, t), which passes
finite-time singularities and standstills alike. Nothing here shares code with the package, or was
written from it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.integrate import DOP853
from scipy.optimize import brentq, minimize_scalar

Array = NDArray[np.float64]

LEVELS_DEFAULT: tuple[float, ...] = tuple(range(1, 17))
DEFAULTS: dict[str, float] = {
    "alpha_compute": 0.5,
    "lam": 1.0,
    "labour_per_efficiency": 2.0,
    "experiment_efficiency_share": 0.0,
    "post_training_share": 0.0,
    "labour_multiplier": 900.0,
    "limit_ooms": math.inf,
    "software_doubling_months": 6.0,
    "training_months": 3.0,
    "training_floor_months": 0.1,
    "shortening_exponent": 1.0,
    "retraining_compute_share": 0.5,
    "generation_gain_ooms": 0.5,
    "horizon_months": 240.0,
}
OPTIONAL = (
    "speedup_initial",
    "rho_long",
    "reconfiguration_half_life_months",
    "route2_rho",
    "route2_alpha_compute",
)
MODES = ("none", "shortening", "shortening_accelerating_only", "continual", "from_scratch")
TOP_OOMS = 20.0
CAP_OOMS = 40.0
GAIN_WINDOWS = (4, 12)
LN10 = math.log(10.0)
EPS = float(np.finfo(float).eps)
TIE_OOMS = 1e-9  # e_j - e_i = n Delta exactly, in exact arithmetic: rounding must not decide
TIE_MONTHS = 1e-9  # runs of equal length back to back may be exactly w apart
TIE_AT_D = 1e-12  # likewise a + Delta = D


# --- small references --------------------------------------------------------------------------------


def ces(x: float, k: float, rho: float, alpha: float) -> float:
    """Aggregate research input, literally, in decimals long enough that no digit is lost.

    R = [alpha K^rho + (1-alpha) X^rho]^(1/rho); rho -> 0: K^alpha X^(1-alpha).
    """
    with localcontext() as context:
        context.prec = 60 if abs(rho) < 1e-60 else 60 + max(0, math.ceil(-math.log10(abs(rho))))
        context.Emax, context.Emin = 10**12, -(10**12)
        labour, experiments, weight, power = Decimal(x), Decimal(k), Decimal(alpha), Decimal(rho)
        if abs(rho) < 1e-60:
            return float(experiments**weight * labour ** (1 - weight))
        inner = weight * experiments**power + (1 - weight) * labour**power
        return float(inner ** (1 / power))


def pace(row: Mapping[str, Any], software: float, deployed: float | None = None, months: float = 0.0) -> float:
    """Pace of progress by the law itself (before `shortening`), from `ces`.

    M = f0 R(L^lam, K) / R(Lambda^lam, 1) (1 - s/D)^(beta D ln 10), with
    L = Lambda 10^(mu [(1-psi) a + psi s]), K = 10^(phi s) and, for route 1,
    rho(t) = rho_long + (rho - rho_long) 2^(-t/h). Without `deployed`, a = s.
    """
    law = Law(row)
    q, s = law.q, software
    a = s if deployed is None else deployed
    mu, psi = q["labour_per_efficiency"], q["post_training_share"]
    labour = q["labour_multiplier"] * 10 ** (mu * ((1 - psi) * a + psi * s))
    experiments = 10 ** (q["experiment_efficiency_share"] * s)
    routes = [(law.rho(0, months), law.alpha[0])]
    routes_initial = [(q["rho"], law.alpha[0])]
    if law.n_routes == 2:
        routes.append((law.rho_initial[1], law.alpha[1]))
        routes_initial.append((law.rho_initial[1], law.alpha[1]))
    now = max(ces(labour ** q["lam"], experiments, rho, al) for rho, al in routes)
    start = max(ces(q["labour_multiplier"] ** q["lam"], 1.0, rho, al) for rho, al in routes_initial)
    f0 = start if law.speedup is None else law.speedup
    d = q["limit_ooms"]
    beta = q["lam"] * (1 - q["alpha_compute"]) * mu / q["r"]
    if math.isinf(d):
        limit = 10 ** (-beta * s)
    else:
        limit = ((d - s) / d) ** (beta * d * LN10)
    return f0 * now / start * limit


def ceiling(row: Mapping[str, Any]) -> float:
    """Ceiling on pace at fixed compute, of the CES alone.

    f0 max_j alpha_j^(1/rho_j) / R(Lambda^lam, 1), with rho_long for route 1 where there is
    reconfiguration; inf if any rho_j >= 0, rho_long >= 0 or phi > 0 (and where alpha_j = 0).
    """
    law = Law(row)
    exponents = list(law.rho_initial)
    if law.half_life is not None:
        exponents[0] = law.rho_long
    if max(*law.rho_initial, *exponents) >= 0 or law.q["experiment_efficiency_share"] > 0:
        return math.inf
    if min(law.alpha) == 0:
        return math.inf
    best = max(math.log(al) / rho for al, rho in zip(law.alpha, exponents, strict=True))
    log_ceiling = law.log_f0 + best - law.log_r0
    return math.exp(log_ceiling) if log_ceiling < 700 else math.inf


def log_ces(lx: float, lk: float, rho: float, alpha: float) -> float:
    """Natural log of R(X, K) from ln X and ln K, for one point.

    ln R = (1/rho) ln[alpha K^rho + (1-alpha) X^rho], relative to the dominating term so that
    nothing overflows, by expm1 and log1p where rho ln(X/K) is small.
    """
    if alpha == 0.0:
        return lx
    if abs(rho) < 1e-200:
        return alpha * lk + (1 - alpha) * lx
    p = rho * (lx - lk)
    big, weight, other = (lx, 1 - alpha, alpha) if p > 0 else (lk, alpha, 1 - alpha)
    p = -abs(p)
    if p > -1:
        return big + math.log1p(other * math.expm1(p)) / rho
    return big + math.log(weight + other * math.exp(p)) / rho


def log_ces_array(lx: Array, lk: Array, rho: Array, alpha: float) -> Array:
    """Natural log of R(X, K), as `log_ces`, for arrays.

    ln R = (1/rho) ln[alpha K^rho + (1-alpha) X^rho]
    """
    if alpha == 0.0:
        return lx
    p = rho * (lx - lk)
    big = np.where(p > 0, lx, lk)
    weight, other = np.where(p > 0, 1 - alpha, alpha), np.where(p > 0, alpha, 1 - alpha)
    p = -np.abs(p)
    zero = np.abs(rho) < 1e-200
    safe = np.where(zero, 1.0, rho)
    small = p > -1
    near = np.log1p(np.where(small, other * np.expm1(p), 0.0))
    far = np.log(np.where(small, 1.0, weight + other * np.exp(p)))
    return np.where(zero, alpha * lk + (1 - alpha) * lx, big + np.where(small, near, far) / safe)


# --- the law --------------------------------------------------------------------------------------


class Law:
    """One row's law of motion: quantities with their defaults, and M as a function of (z, a, t)."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        """Fill in the defaults, and evaluate f0 and R(Lambda^lam, 1) at t = 0, s = a = 0."""
        given = {key: value for key, value in row.items() if not _absent(value)}
        self.mode = str(given.get("mode", "none"))
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode!r}")
        for key in ("rho", "r"):
            if key not in given:
                raise ValueError(f"{key} is required")
        wanted = ("rho", "r", *DEFAULTS)
        self.q: dict[str, float] = {key: float((DEFAULTS | given)[key]) for key in wanted}
        extra = {key: float(given[key]) if key in given else None for key in OPTIONAL}
        if (extra["rho_long"] is None) != (extra["reconfiguration_half_life_months"] is None):
            raise ValueError("rho_long and reconfiguration_half_life_months: both or neither")
        if (extra["route2_rho"] is None) != (extra["route2_alpha_compute"] is None):
            raise ValueError("route2_rho and route2_alpha_compute: both or neither")
        if self.mode.startswith("shortening") and extra["rho_long"] is not None:
            raise ValueError("shortening needs an autonomous law: no reconfiguration")
        q = self.q
        if not (q["r"] > 0 and q["rho"] < 1 and 0 <= q["alpha_compute"] < 1 and q["limit_ooms"] > 0):
            raise ValueError("r > 0, rho < 1, 0 <= alpha_compute < 1 and limit_ooms > 0 are required")
        self.speedup = extra["speedup_initial"]
        self.half_life = extra["reconfiguration_half_life_months"]
        self.rho_long = q["rho"] if extra["rho_long"] is None else extra["rho_long"]
        self.rho_initial = [q["rho"]]
        self.alpha = [q["alpha_compute"]]
        if extra["route2_rho"] is not None and extra["route2_alpha_compute"] is not None:
            self.rho_initial.append(extra["route2_rho"])
            self.alpha.append(extra["route2_alpha_compute"])
        self.n_routes = len(self.alpha)
        self.d = q["limit_ooms"]
        self.mu, self.psi = q["labour_per_efficiency"], q["post_training_share"]
        self.phi, self.lam = q["experiment_efficiency_share"], q["lam"]
        self.beta = self.lam * (1 - q["alpha_compute"]) * self.mu / q["r"]
        self.log_g = math.log(math.log10(2.0) / q["software_doubling_months"])  # OOM per month
        self.log_lambda = math.log(q["labour_multiplier"])
        self.log_r0 = max(self.log_route(j, 0.0, 0.0, 0.0) for j in range(self.n_routes))
        self.log_f0 = self.log_r0 if self.speedup is None else math.log(self.speedup)
        self.s_cap = min(self.d, CAP_OOMS)
        # at z = 160 D s is D in floating point, and M = 10^(-beta z) ... long negligible
        self.z_cap = 160.0 * self.d if self.d <= CAP_OOMS else self.z_of(CAP_OOMS)

    def z_of(self, s: float) -> float:
        """Software coordinate: z = -D ln(1 - s/D), z = s for D = inf; inf at D."""
        if math.isinf(self.d):
            return s
        if s >= self.d:
            return math.inf
        if s < 0.5 * self.d:
            return -self.d * math.log1p(-s / self.d)
        return -self.d * math.log((self.d - s) / self.d)

    def z_array(self, s: Array) -> Array:
        """Software coordinate: z = -D ln(1 - s/D), for arrays; large at D and beyond."""
        if math.isinf(self.d):
            return s
        near = np.log1p(-np.minimum(s, 0.5 * self.d) / self.d)
        far = np.log(np.maximum(self.d - s, 1e-300) / self.d)
        return np.asarray(-self.d * np.where(s < 0.5 * self.d, near, far))

    def s_of(self, z: float) -> float:
        """Software in OOM: s = D (1 - e^(-z/D))."""
        return z if math.isinf(self.d) else -self.d * math.expm1(-z / self.d)

    def s_array(self, z: Array) -> Array:
        """Software in OOM: s = D (1 - e^(-z/D)), for arrays."""
        return z if math.isinf(self.d) else np.asarray(-self.d * np.expm1(-z / self.d))

    def ds_dz(self, z: Array) -> Array:
        """Slope of the coordinate: ds/dz = 1 - s/D = e^(-z/D)."""
        return np.ones_like(z) if math.isinf(self.d) else np.asarray(np.exp(-z / self.d))

    def rho(self, route: int, months: float) -> float:
        """Route 1: rho(t) = rho_long + (rho - rho_long) 2^(-t/h). Route 2: constant."""
        if route == 1 or self.half_life is None:
            return self.rho_initial[route]
        weight = math.exp2(-months / self.half_life)
        return self.rho_long + (self.rho_initial[0] - self.rho_long) * weight

    def log_route(self, route: int, s: float, a: float, months: float) -> float:
        """One route: ln R_j(L^lam, K), L = Lambda 10^(mu [(1-psi) a + psi s]), K = 10^(phi s)."""
        exponent = self.mu * ((1 - self.psi) * a + self.psi * s)
        lx = self.lam * (self.log_lambda + LN10 * exponent)
        return log_ces(lx, LN10 * self.phi * s, self.rho(route, months), self.alpha[route])

    def log_routes(self, s: Array, a: Array, months: Array) -> list[Array]:
        """All routes, for arrays: ln R_j(L^lam, K)."""
        exponent = self.mu * ((1 - self.psi) * a + self.psi * s)
        lx = self.lam * (self.log_lambda + LN10 * exponent)
        lk = LN10 * self.phi * s
        result = []
        for route in range(self.n_routes):
            rho = np.full_like(lx, self.rho_initial[route])
            if route == 0 and self.half_life is not None:
                rho = self.rho_long + (rho - self.rho_long) * np.exp2(-months / self.half_life)
            result.append(log_ces_array(lx, lk, rho, self.alpha[route]))
        return result

    def log_pace(self, z: Array, a: Array, months: Array) -> Array:
        """Pace: ln M = ln f0 + max_j ln R_j - ln R(Lambda^lam, 1) - beta z ln 10."""
        log_r = np.max(self.log_routes(self.s_array(z), a, months), axis=0)
        return np.asarray(self.log_f0 + log_r - self.log_r0 - self.beta * LN10 * z)

    def exponent(self, z: Array, a: Array, months: Array, labour_share: float) -> Array:
        """Local exponent at fixed t; `labour_share` is 1 where a = s, else psi.

        x = d log10 M / ds = w_L lam mu share + w_K phi - beta D / (D - s), where w_L = 1 - w_K is
        the elasticity (1-alpha) X^rho / [alpha K^rho + (1-alpha) X^rho] of the larger route (of
        the steeper one where they tie: x from the right).
        """
        s = self.s_array(z)
        lx = self.lam * (self.log_lambda + LN10 * self.mu * ((1 - self.psi) * a + self.psi * s))
        u = lx - LN10 * self.phi * s
        routes = self.log_routes(s, a, months)
        best = np.max(routes, axis=0)
        x = np.full_like(z, -np.inf)
        for route, alpha in enumerate(self.alpha):
            rho = np.array([self.rho(route, float(t)) for t in np.ravel(months)]).reshape(z.shape)
            if alpha == 0.0:
                w_labour = np.ones_like(z)
            else:
                w_labour = _expit(rho * u + math.log((1 - alpha) / alpha))
            slope = w_labour * self.lam * self.mu * labour_share + (1 - w_labour) * self.phi
            x = np.where(routes[route] >= best - 1e-14, np.maximum(x, slope), x)
        with np.errstate(over="ignore"):
            return np.asarray(x - self.beta / self.ds_dz(z))

    def run_months(self, log_pace: Array) -> Array:
        """Length of a training run: tau = min(tau_0, max(tau_min, tau_0 (M(0)/M)^eta))."""
        q = self.q
        log_tau = math.log(q["training_months"]) + np.zeros_like(log_pace)
        if q["shortening_exponent"] > 0:
            log_tau = log_tau + q["shortening_exponent"] * (self.log_f0 - log_pace)
        floor = math.log(q["training_floor_months"]) if q["training_floor_months"] > 0 else -np.inf
        return np.exp(np.minimum(math.log(q["training_months"]), np.maximum(floor, log_tau)))

    def limit_is_reached(self) -> bool:
        """Whether s comes to D in finite time: beta D ln 10 < 1, or mode `shortening`."""
        if math.isinf(self.d):
            return False
        return self.mode == "shortening" or self.beta * self.d * LN10 < 1


def _absent(value: object) -> bool:
    """Whether a quantity is not given: None, NaN or an empty cell."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _expit(y: Array) -> Array:
    """Logistic function, 1 / (1 + e^-y), without overflow."""
    small = np.exp(-np.abs(y))
    return np.where(y >= 0, 1 / (1 + small), small / (1 + small))


def _shorten(x: Array, accelerating_only: bool) -> Array:
    """Exponent after `shortening`: x / (1 + abs(x)), that is abs(N) -> abs(N) + 1."""
    shortened = x / (1 + np.abs(x))
    return np.where(x < 0, x, shortened) if accelerating_only else shortened


# --- solutions ------------------------------------------------------------------------------------


class Flow:
    """A solution of ds/dt = g M / 12 as a curve u -> (t, z, a), extended as far as is asked for.

    The tables u, t, z, a hold it on a fine grid of u. `done`: software came to rest at
    min(D, 40) OOM, at u_cap.
    """

    def __init__(self, law: Law, t0: float, z0: float, a0: float | None) -> None:
        """Start at (t0, z0); a0 is the fixed deployed capability, None where a = s."""
        self.law, self.fixed_a = law, a0
        self.u = np.zeros(0)
        self.t = np.zeros(0)
        self.z = np.zeros(0)
        self.a = np.zeros(0)
        self.done = False
        self.u_cap = math.inf
        self.t_start, self.z_start = t0, z0

    def state(self, u: Array) -> tuple[Array, Array, Array]:
        """The curve: (t, z, a) at each u."""
        raise NotImplementedError

    def extend(self) -> None:
        """Follow ds/dt = g M / 12 a little further, and lengthen the tables."""
        raise NotImplementedError

    def log_pace(self, u: Array) -> Array:
        """Pace on the curve: ln M."""
        t, z, a = self.state(u)
        return self.law.log_pace(z, a, t)

    def slope(self, u: float) -> float:
        """A number of the sign of d ln M / du."""
        raise NotImplementedError

    def elapsed(self, u1: float, u2: float) -> float:
        """Months between two points: t(u2) - t(u1)."""
        return self.months(u2) - self.months(u1)

    def months(self, u: float) -> float:
        """Months at a point: t(u)."""
        return float(self.state(np.array([u]))[0][0])

    def effective(self, u: float) -> float:
        """Effective compute where e = a: e(u), in OOM."""
        return float(self.state(np.array([u]))[2][0])

    def _append(self, u: Array, point: tuple[Array, Array, Array]) -> None:
        """Lengthen the tables by points of the curve, (t, z, a)."""
        t, z, a = point
        self.u = np.append(self.u, u)
        self.t = np.append(self.t, t)
        self.z = np.append(self.z, z)
        self.a = np.append(self.a, a)

    def locate(self, which: int, target: float) -> float:
        """The u at which t (0), z (1) or a (2) first reaches a target that the table brackets."""
        values = (self.t, self.z, self.a)[which]
        i = int(np.searchsorted(values, target, side="left"))
        if i == 0:
            return float(self.u[0])
        if i == len(values):
            return float(self.u[-1])

        def miss(u: float) -> float:
            return float(self.state(np.array([u]))[which][0]) - target

        return _root(miss, float(self.u[i - 1]), float(self.u[i]))

    def invert(self, which: int, targets: Array) -> Array:
        """As `locate`, for arrays: false position (Illinois) on the table's intervals."""
        values = (self.t, self.z, self.a)[which]
        i = np.clip(np.searchsorted(values, targets, side="left"), 1, len(values) - 1)
        low, high = self.u[i - 1], self.u[i]
        miss_low, miss_high = values[i - 1] - targets, values[i] - targets
        inside = (miss_low < 0) & (miss_high > 0)
        best = np.where(miss_low >= 0, low, high)
        side = np.zeros(len(targets))
        for _ in range(12):
            mid = high - miss_high * (high - low) / np.where(inside, miss_high - miss_low, 1.0)
            mid = np.where(inside, np.clip(mid, low, high), best)
            miss = np.where(inside, self.state(mid)[which] - targets, 0.0)
            best = mid
            if np.all(np.abs(miss) <= 4 * EPS * np.abs(targets)):
                break
            # the value at an end that stays twice is halved
            sign = np.sign(miss)
            again = np.where(sign == side, 0.5, 1.0)
            side = sign
            low, high = np.where(sign < 0, mid, low), np.where(sign > 0, mid, high)
            miss_low, miss_high = (
                np.where(sign < 0, miss, miss_low * again),
                np.where(sign > 0, miss, miss_high * again),
            )
            inside = inside & (sign != 0)
        return best

    def u_of_effective_array(self, e: Array) -> Array:
        """Invert e(u), for arrays."""
        if self.fixed_a is None and self.law.mode != "continual":
            return self.invert(1, np.minimum(self.law.z_array(e), self.z[-1]))
        return self.invert(2, e)

    def u_of_months(self, months: float) -> float:
        """Invert t(u)."""
        return self.locate(0, months)

    def u_of_effective(self, e: float) -> float:
        """Invert e(u): by z where e = s, else by a."""
        if self.fixed_a is None and self.law.mode != "continual":
            z = self.law.z_of(e)
            return self.locate(1, z) if z < self.z[-1] else float(self.u[-1])
        return self.locate(2, e)


class QuadratureFlow(Flow):
    """An autonomous law, by quadrature in software: t(z) = int (ds/dz) dz / (g M / 12), u = z.

    On each panel the integrand is the polynomial through 24 Gauss-Legendre nodes.
    """

    NODES, WEIGHTS = legendre.leggauss(24)
    TO_SERIES = (2 * np.arange(24)[:, None] + 1) / 2 * WEIGHTS * legendre.legvander(NODES, 23).T
    # series of the integral from -1
    INTEGRATE = legendre.legint(np.eye(24), lbnd=-1, axis=0) @ TO_SERIES
    SUB = 8

    def __init__(self, law: Law, t0: float, z0: float, a0: float | None, chunk: int = 64) -> None:
        """Start at (t0, z0); t(z0) = t0."""
        super().__init__(law, t0, z0, a0)
        if law.half_life is not None:
            raise ValueError("quadrature needs an autonomous law")
        self.shortened = law.mode.startswith("shortening")
        self.edges = np.array([z0])
        self.t_edges = np.array([t0])
        self.log_edges = law.log_pace(np.array([z0]), self._a(np.array([z0])), np.zeros(1))
        if self.shortened:
            self.log_edges = np.array([law.log_f0])
        self.series_t = np.zeros((0, 25))
        self.series_log = np.zeros((0, 25))
        self.chunk = chunk
        self.pole = math.inf  # distance of the CES's nearest complex zero, in s
        for rho in law.rho_initial:
            slope = LN10 * abs(rho) * (law.lam * law.mu + law.phi)
            self.pole = min(self.pole, math.pi / slope if slope > 0 else math.inf)
        if z0 >= law.z_cap:
            self.done, self.u_cap = True, z0
        else:
            self.extend()

    def _a(self, z: Array) -> Array:
        """Deployed capability at z: fixed, or a = s."""
        return self.law.s_array(z) if self.fixed_a is None else np.full_like(z, self.fixed_a)

    def _x(self, z: Array) -> Array:
        """Local exponent along the curve: x(z)."""
        share = 1.0 if self.fixed_a is None else self.law.psi
        return self.law.exponent(z, self._a(z), np.zeros_like(z), share)

    def _kinks(self, edges: Array) -> Array:
        """Points where the law is not smooth: R_1 = R_2, and x = 0 under `shortening`."""
        law = self.law

        def contest(z: Array) -> Array:
            routes = law.log_routes(law.s_array(z), self._a(z), np.zeros_like(z))
            return np.asarray(routes[0] - routes[-1])

        grid = np.unique((edges[:-1, None] + np.diff(edges)[:, None] * np.arange(17) / 16).ravel())
        kinks: list[float] = []
        if law.n_routes == 2:
            kinks += _sign_changes(contest, grid)
        if self.shortened:
            kinks += _sign_changes(self._x, np.unique(np.append(grid, kinks)))
        return np.array(kinks)

    def extend(self) -> None:
        """Add panels: t(z) = t_left + int_left^z (ds/dz') dz' / (g M / 12).

        Under `shortening` ln M = ln M_left + ln 10 int x / (1 + abs(x)) ds first.
        """
        law = self.law
        if self.done:
            return
        new = [float(self.edges[-1])]
        decay = abs(law.beta * LN10 - (0.0 if math.isinf(law.d) else 1 / law.d))
        while len(new) <= self.chunk and new[-1] < law.z_cap:
            q = float(law.ds_dz(np.array(new[-1:]))[0])
            width = min(0.1, 0.5 * self.pole) / max(q, 1e-300)
            width = min(width, 0.25 * law.d, 1 / max(decay, 1e-300))
            new.append(min(new[-1] + width, law.z_cap))
        self.chunk = min(2 * self.chunk, 256)
        edges = np.array(new)
        inner = [z for z in self._kinks(edges) if edges[0] < z < edges[-1]]
        edges = np.unique(np.append(edges, inner))
        half = np.diff(edges)[:, None] / 2
        z = edges[:-1, None] + half * (1 + self.NODES)
        q_nodes = law.ds_dz(z)
        if self.shortened:
            only = law.mode == "shortening_accelerating_only"
            rate = LN10 * _shorten(self._x(z), only) * q_nodes
            if only:  # x ds/dz stays finite where x does not
                rate = np.where(np.isfinite(rate), rate, -LN10 * law.beta)
            series_log = half * (rate @ self.INTEGRATE.T)
            steps = np.sum(series_log, axis=1)  # P_n(1) = 1
            left = self.log_edges[-1] + np.append(0.0, np.cumsum(steps))
            log_pace = left[:-1, None] + series_log @ legendre.legvander(self.NODES, 24).T
            series_log[:, 0] += left[:-1]
            self.log_edges = np.append(self.log_edges, left[1:])
            self.series_log = np.concatenate([self.series_log, series_log])
        else:
            log_pace = law.log_pace(z, self._a(z), np.zeros_like(z))
        log_months = -(law.log_g + log_pace) + np.log(np.maximum(q_nodes, 1e-300))
        months = np.exp(np.clip(log_months, -690.0, 600.0))
        series_t = half * (months @ self.INTEGRATE.T)
        self.series_t = np.concatenate([self.series_t, series_t])
        ends = self.t_edges[-1] + np.cumsum(half[:, 0] * (months @ self.WEIGHTS))
        self.t_edges = np.append(self.t_edges, ends)
        self.edges = np.append(self.edges, edges[1:])
        sub = (edges[:-1, None] + np.diff(edges)[:, None] * np.arange(self.SUB) / self.SUB).ravel()
        u = np.append(sub if len(self.u) == 0 else sub[1:], edges[-1])
        self._append(u, self.state(u))
        if self.edges[-1] >= law.z_cap:
            self.done, self.u_cap = True, float(self.edges[-1])

    def _local(self, u: Array, series: Array) -> tuple[NDArray[np.intp], Array]:
        """Panel of each u, and the value there of the panel's series."""
        last = len(self.edges) - 2
        if len(u) == 1:
            k = min(max(int(np.searchsorted(self.edges, u[0], side="right")) - 1, 0), last)
            left, right = float(self.edges[k]), float(self.edges[k + 1])
            value = _series_at(2 * (float(u[0]) - left) / (right - left) - 1, series[k])
            return np.array([k]), np.array([value])
        i = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, last)
        x = 2 * (u - self.edges[i]) / (self.edges[i + 1] - self.edges[i]) - 1
        return i, np.einsum("ij,ij->i", legendre.legvander(x, 24), series[i])

    def state(self, u: Array) -> tuple[Array, Array, Array]:
        """The curve: t(z) from the panels, z = u, a."""
        if len(self.edges) == 1:
            return np.full_like(u, self.t_start), u, self._a(u)
        i, within = self._local(u, self.series_t)
        return self.t_edges[i] + np.maximum(within, 0.0), u, self._a(u)

    def log_pace(self, u: Array) -> Array:
        """Pace on the curve: ln M, from the panels under `shortening`."""
        if self.shortened:
            return self._local(u, self.series_log)[1]
        return super().log_pace(u)

    def slope(self, u: float) -> float:
        """Sign of d ln M / dz: the local exponent x."""
        return float(self._x(np.array([u]))[0])

    def elapsed(self, u1: float, u2: float) -> float:
        """Months between two points, int_u1^u2, so that short windows late in time keep digits."""
        (i, j), (first, second) = self._local(np.array([u1, u2]), self.series_t)
        if i == j:
            return float(second - first)
        panels = np.sum(self.series_t[i:j], axis=1)
        return float(panels[0] - first + np.sum(panels[1:]) + second)

    def u_of_effective(self, e: float) -> float:
        """Invert e = s: z = -D ln(1 - s/D)."""
        return min(self.law.z_of(e), float(self.edges[-1]))

    def u_of_effective_array(self, e: Array) -> Array:
        """Invert e = s: z = -D ln(1 - s/D), for arrays."""
        return np.asarray(np.minimum(self.law.z_array(e), self.edges[-1]))


class OdeFlow(Flow):
    """The general law, by DOP853 at relative tolerance 1e-13.

    The independent variable is u, with du = dz / (1 + z/D) + da + dt / 12 months.
    dz/dt = (g M / 12) / (ds/dz), da/dt = chi 10^(s-a) / (tau_0 ln 10) in mode `continual`.
    Restarted where the routes switch and where software comes to rest.
    """

    SUB = 4
    MAX_STEP = 0.1
    RTOL = 1e-13
    # the dense output has degree 7: eight nodes of a step hold all of it
    NODES, WEIGHTS = legendre.leggauss(8)
    TO_SERIES = (2 * np.arange(8)[:, None] + 1) / 2 * WEIGHTS * legendre.legvander(NODES, 7).T

    def __init__(self, law: Law, t0: float, z0: float, a0: float | None) -> None:
        """Start at (t0, z0) with a = 0 in mode `continual`."""
        super().__init__(law, t0, z0, a0)
        self.continual = law.mode == "continual"
        self.pieces: list[Callable[[Any], Array]] = []
        self.series: list[Array] = []
        self.bounds = [0.0]
        self.held = z0 >= law.z_cap
        self.y0 = np.array([z0, t0, 0.0]) if self.continual else np.array([z0, t0])
        self.active = 0
        if law.n_routes == 2:
            self.active = int(self._lead(self.y0) > 0)
        chi = law.q["retraining_compute_share"]
        self.log_chi = -math.inf
        if chi > 0:
            self.log_chi = math.log(chi / (law.q["training_months"] * LN10))
        self.solver: DOP853 | None = None
        if self.held:
            self.u_cap, self.done = 0.0, not self.continual
        if not self.done:
            self.extend()

    def _point(self, y: Array) -> tuple[float, float, float, float]:
        """Unpack a point: (s, z, a, t)."""
        z, t = float(y[0]), float(y[1])
        s = self.law.s_cap if self.held else self.law.s_of(z)
        if self.continual:
            return s, z, float(y[2]), t
        return s, z, s if self.fixed_a is None else self.fixed_a, t

    def _lead(self, y: Array) -> float:
        """By how much the idle route exceeds the active one, ln R_other - ln R_active."""
        s, _, a, t = self._point(y)
        other, active = (
            self.law.log_route(1 - self.active, s, a, t),
            self.law.log_route(self.active, s, a, t),
        )
        return other - active - 1e-13

    def _rhs(self, _u: float, y: Array) -> Array:
        """d(z, t, a)/du: dz/dt, 1, da/dt over du/dt = dz/dt / (1 + z/D) + da/dt + 1/12."""
        law = self.law
        s, z, a, t = self._point(y)
        stretch = 1.0 if math.isinf(law.d) else 1 + z / law.d
        log_z = -math.inf
        if not self.held:
            log_r = law.log_route(self.active, s, a, t)
            log_m = law.log_f0 + log_r - law.log_r0 - law.beta * LN10 * z
            log_z = law.log_g + log_m + (0.0 if math.isinf(law.d) else z / law.d)
        log_a = self.log_chi + LN10 * (s - a) if self.continual else -math.inf
        top = max(log_z, log_a, 0.0)
        speed_z, speed_a, one = math.exp(log_z - top), math.exp(log_a - top), math.exp(-top)
        total = speed_z / stretch + speed_a + one / 12
        rates = [speed_z / total, one / total]
        if self.continual:
            rates.append(speed_a / total)
        return np.array(rates)

    def extend(self) -> None:
        """Take one step of DOP853, cut where the routes switch or software comes to rest."""
        if self.done:
            return
        law, u0 = self.law, self.bounds[-1]
        if self.solver is None:
            rhs: Any = self._rhs
            self.solver = DOP853(rhs, u0, self.y0, 1e12, max_step=self.MAX_STEP, rtol=self.RTOL, atol=1e-15)
        message = self.solver.step()
        if self.solver.status == "failed":
            raise RuntimeError(f"DOP853: {message}")
        dense: Callable[[Any], Array] = self.solver.dense_output()
        u1 = float(self.solver.t)
        tests: list[Callable[[float], float]] = []
        if not self.held:
            tests.append(lambda u: float(dense(u)[0]) - law.z_cap)
        if law.n_routes == 2:
            tests.append(lambda u: self._lead(dense(u)))
        cut, what = u1, -1
        for i, test in enumerate(tests):
            points = [u0 + (u1 - u0) * j / self.SUB for j in range(self.SUB + 1)]
            values = [test(u) for u in points]
            for j in range(1, self.SUB + 1):
                if values[j] > 0 and values[j - 1] <= 0:
                    at = _root(test, points[j - 1], points[j])
                    if at < cut or what < 0:
                        cut, what = at, i
                    break
        if cut <= u0:
            cut = min(u1, u0 + 1e-14 * max(1.0, u0))
        self.pieces.append(dense)
        self.bounds.append(cut)
        grid = u0 + (cut - u0) * np.arange(self.SUB + 1) / self.SUB
        grid = grid if len(self.u) == 0 else grid[1:]
        self._append(grid, self._unpack(np.asarray(dense(grid))))
        if what >= 0:
            self.solver, self.y0 = None, np.array(dense(cut))
            if what == 0 and not self.held:
                self.held, self.u_cap, self.done = True, cut, not self.continual
                if law.n_routes == 2 and not self.done:
                    self.active = self.active if self._lead(self.y0) <= 0 else 1 - self.active
            else:
                self.active = 1 - self.active

    def state(self, u: Array) -> tuple[Array, Array, Array]:
        """The curve: (t, z, a) from the dense output."""
        if not self.pieces:
            y = np.repeat(self.y0[:, None], len(u), axis=1)
        elif len(u) == 1:
            i = min(max(bisect_right(self.bounds, u[0]) - 1, 0), len(self.pieces) - 1)
            y = np.asarray(self.pieces[i](u[0]))[:, None]
        else:
            for k in range(len(self.series), len(self.pieces)):
                nodes = self.bounds[k] + (self.bounds[k + 1] - self.bounds[k]) * (1 + self.NODES) / 2
                self.series.append(self.pieces[k](nodes) @ self.TO_SERIES.T)
            bounds = np.array(self.bounds)
            at = np.clip(np.searchsorted(bounds, u, side="right") - 1, 0, len(self.pieces) - 1)
            x = 2 * (u - bounds[at]) / (bounds[at + 1] - bounds[at]) - 1
            y = np.einsum("ij,icj->ci", legendre.legvander(x, 7), np.array(self.series)[at])
        return self._unpack(y)

    def _unpack(self, y: Array) -> tuple[Array, Array, Array]:
        """The curve, (t, z, a), from the integrator's variables."""
        if self.continual:
            return y[1], y[0], y[2]
        if self.fixed_a is None:
            return y[1], y[0], self.law.s_array(y[0])
        return y[1], y[0], np.full_like(y[0], self.fixed_a)

    def slope(self, u: float) -> float:
        """d ln M / du, by the central difference of sixth order."""
        h = min(2e-3, 0.3 * max(u, 1e-9), 0.3 * max(self.bounds[-1] - u, 1e-9))
        m = self.log_pace(u + h * np.arange(-3.0, 4.0))
        weights = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
        return float(m @ weights) / h


def _series_at(x: float, series: Array) -> float:
    """Legendre series at one point, by Clenshaw's recurrence: sum_k c_k P_k(x)."""
    c = series.tolist()
    b1 = b2 = 0.0
    for k in range(len(c) - 1, 0, -1):
        b1, b2 = c[k] + (2 * k + 1) / (k + 1) * x * b1 - (k + 1) / (k + 2) * b2, b1
    return float(c[0] + x * b1 - b2 / 2)


def _sign_changes(function: Callable[[Array], Array], grid: Array) -> list[float]:
    """Roots of a function between neighbours of a grid at which its sign differs."""
    values = function(grid)
    where = np.nonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)[0]
    roots = [float(z) for z in grid[values == 0]] if np.any(values != 0) else []
    for i in where:
        roots.append(_root(lambda z: float(function(np.array([z]))[0]), float(grid[i]), float(grid[i + 1])))
    return roots


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Brent's root in [low, high]; the nearer end where rounding hides the change of sign."""
    at_low, at_high = function(low), function(high)
    if at_low == 0 or at_high == 0 or (at_low > 0) == (at_high > 0):
        return low if abs(at_low) <= abs(at_high) else high
    return float(brentq(function, low, high, xtol=1e-15, rtol=4 * EPS, maxiter=500))


# --- outcomes of a continuous trajectory ----------------------------------------------------------


class Path:
    """The trajectory of a continuous mode: a flow, cut at e = 20 OOM, the horizon or the limit."""

    def __init__(self, law: Law, flow: Flow) -> None:
        """Follow until e = 20 OOM or t = horizon, or until software rests at D."""
        self.law, self.flow = law, flow
        self.horizon = law.q["horizon_months"]
        self.can_top = law.mode == "continual" or law.d > TOP_OOMS
        while not flow.done and flow.t[-1] < self.horizon:
            if self.can_top and flow.a[-1] >= TOP_OOMS:
                break
            flow.extend()
        self.u_end, self.t_end, self.end = self._cut()
        self.e_end = TOP_OOMS if self.end == "top" else self._effective(self.u_end)
        if self.end == "limit":
            self.e_end = law.d
        inside = flow.u < self.u_end
        self.u = np.append(flow.u[inside], self.u_end)
        self.t = np.append(flow.t[inside], min(self.t_end, flow.months(self.u_end)))
        self.e = np.append(flow.a[inside], self.e_end)
        self.t_last = self.t[-1]

    def _effective(self, u: float) -> float:
        """Effective compute e(u) in OOM."""
        return self.flow.effective(u)

    def _cut(self) -> tuple[float, float, str]:
        """Where, when and why the trajectory ends."""
        law, flow = self.law, self.flow
        if self.horizon <= 0:
            return float(flow.u[0]), 0.0, "horizon"
        u_top = math.inf
        if self.can_top and flow.a[-1] >= TOP_OOMS:
            u_top = flow.u_of_effective(TOP_OOMS)
        u_horizon = flow.u_of_months(self.horizon) if flow.t[-1] >= self.horizon else math.inf
        if u_top <= u_horizon and math.isfinite(u_top):
            return u_top, flow.months(u_top), "top"
        if math.isfinite(u_horizon):
            return u_horizon, self.horizon, "horizon"
        t_limit = flow.months(flow.u_cap) + _tail(law, flow)
        if t_limit <= self.horizon:
            return flow.u_cap, t_limit, "top" if law.d == TOP_OOMS else "limit"
        return flow.u_cap, self.horizon, "horizon"

    def months_to(self, k: float) -> float:
        """Months until e >= k OOM; inf if not on the trajectory."""
        if k > self.e_end:
            return math.inf
        if k == self.law.d and self.law.mode != "continual":
            return self.t_end if self.end in ("limit", "top") else math.inf
        if k == self.e_end:
            return self.t_end
        return self.flow.months(self.flow.u_of_effective(k))

    def window(self, k: float) -> float:
        """Shortest time in which e rises by k OOM: min over e1 of t(e1 + k) - t(e1).

        Both ends are on the trajectory. Every start and end on the table is tried; the best few
        local minima are refined.
        """
        span = self.e_end - k
        if span < 0 or not math.isfinite(self.months_to(k)):
            return math.inf
        flow = self.flow

        def duration(e1: float) -> float:
            e1 = min(max(e1, 0.0), span)
            if e1 == span:
                u1 = flow.u_of_effective(e1)
                return flow.elapsed(u1, self.u_end) + (self.t_end - self.t_last if self._tailed() else 0.0)
            return flow.elapsed(flow.u_of_effective(e1), flow.u_of_effective(e1 + k))

        starts = np.concatenate([self.e, self.e - k, np.linspace(0.0, span, 201)])
        starts = np.unique(starts[(starts >= 0) & (starts <= span)])
        u1, u2 = flow.u_of_effective_array(starts), flow.u_of_effective_array(starts + k)
        coarse = flow.state(np.minimum(u2, self.u_end))[0] - flow.state(u1)[0]
        best = min(duration(0.0), duration(span))
        return min(best, -_refine(lambda x: -duration(x), starts, -coarse))

    def _tailed(self) -> bool:
        """Whether the trajectory ends at D, in the closed-form tail."""
        return self.end in ("limit", "top") and self.u_end >= self.flow.u_cap and self.law.mode != "continual"

    def gain(self, months: float) -> float:
        """Largest rise of e within a window: max over t1 of e(t1 + w) - e(t1), cut at the end."""
        if self.t_last <= months:
            return min(self.e_end, TOP_OOMS)
        flow = self.flow
        t_max = self.t_last - months

        def rise(t1: float) -> float:
            t1 = min(max(t1, 0.0), t_max)
            u2 = self.u_end if t1 == t_max else flow.u_of_months(t1 + months)
            e2 = self.e_end if u2 >= self.u_end else self._effective(u2)
            return e2 - self._effective(flow.u_of_months(t1))

        starts = np.concatenate([self.t, self.t - months, np.linspace(0.0, t_max, 201)])
        starts = np.unique(starts[(starts >= 0) & (starts <= t_max)])
        u1, u2 = flow.invert(0, starts), flow.invert(0, starts + months)
        coarse = flow.state(np.minimum(u2, self.u_end))[2] - flow.state(u1)[2]
        best = max(rise(0.0), rise(t_max), _refine(rise, starts, coarse))
        return min(best, TOP_OOMS)

    def at_months(self, months: float) -> float:
        """Effective compute at a date, or at the end of a shorter trajectory: e(t), at most 20."""
        if months >= self.t_last:
            return min(self.e_end, TOP_OOMS)
        return self._effective(self.flow.u_of_months(months))


def _tail(law: Law, flow: Flow) -> float:
    """Months from z_cap to D, where R is constant: int e^(-z/D) dz / (g M / 12) beyond z_cap.

    D e^(-z_cap/D) / ((1-c) g M(z_cap) / 12) with c = beta D ln 10 < 1; c = 0 under `shortening`,
    where M is finite at D; infinite for c >= 1.
    """
    if not math.isfinite(flow.u_cap):
        return math.inf
    if law.d > CAP_OOMS:
        return 0.0
    if not law.limit_is_reached():
        return math.inf
    log_m = float(flow.log_pace(np.array([flow.u_cap]))[0])
    c = 0.0 if law.mode == "shortening" else law.beta * law.d * LN10
    return law.d / (1 - c) * math.exp(min(-law.z_cap / law.d - law.log_g - log_m, 700.0))


def _refine(function: Callable[[float], float], grid: Array, coarse: Array) -> float:
    """Global maximum: the best local maxima of `coarse`, f on a grid, each polished."""
    n = len(grid)
    if n == 1:
        return function(float(grid[0]))
    padded = np.concatenate([[-np.inf], coarse, [-np.inf]])
    peaks = np.nonzero((padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]))[0]
    peaks = peaks[np.argsort(-coarse[peaks], kind="stable")]
    margin = 0.02 * abs(float(coarse[peaks[0]])) + 1e-9
    best, seen = -math.inf, np.zeros(n, dtype=bool)
    for i in peaks[coarse[peaks] >= coarse[peaks[0]] - margin]:
        if seen[i] or np.count_nonzero(seen[peaks]) >= 8:
            continue
        noise = 1e-11 * (1 + abs(float(coarse[i])))
        left, right = max(i - 1, 0), min(i + 1, n - 1)
        while left > 0 and coarse[left] >= coarse[i] - noise:
            left -= 1
        while right < n - 1 and coarse[right] >= coarse[i] - noise:
            right += 1
        seen[left + 1 : right] = True
        seen[i] = True
        _, value = _maximum(function, float(grid[left]), float(grid[right]))
        best = max(best, value, function(float(grid[i])))
    return best


def _maximum(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Brent's local maximum in [low, high], (x, f(x)), to 1e-8 of the interval's length."""
    found = minimize_scalar(
        lambda x: -function(low + x),  # the offset: the tolerance is relative to x
        bounds=(0.0, high - low),
        method="bounded",
        options={"xatol": 1e-9 * (high - low), "maxiter": 100},
    )
    return low + float(found.x), -float(found.fun)


def _peak(flow: Flow, u0: float, u1: float) -> tuple[float, float]:
    """Largest ln M between u0 and u1, and its (earliest) time: where d ln M / du = 0, or an end."""
    u1 = min(u1, flow.u_cap)
    inner = flow.u[(flow.u > u0) & (flow.u < u1)]
    u = np.unique(np.concatenate([[u0], inner, np.linspace(u0, u1, 9)]))
    m = flow.log_pace(u)
    points = [(float(u[0]), float(m[0])), (float(u[-1]), float(m[-1]))]
    last = len(u) - 1
    for i in range(len(u)):
        left, right = max(i - 1, 0), min(i + 1, last)
        if m[i] >= m[left] and m[i] >= m[right] and m[i] >= m.max() - 0.01:
            low, high = float(u[left]), float(u[right])
            if flow.slope(low) > 0 > flow.slope(high):
                at = _root(flow.slope, low, high)
            elif i in (0, last):
                continue
            else:
                at, _ = _maximum(lambda x: float(flow.log_pace(np.array([x]))[0]), low, high)
            points.append((at, float(flow.log_pace(np.array([at]))[0])))
    return _earliest([(value, flow.months(at)) for at, value in points])


def _earliest(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The largest (ln M, t), the earliest on ties up to rounding."""
    points = list(points)
    top = max(value for value, _ in points)
    return min(((v, t) for v, t in points if v >= top - 1e-12), key=lambda point: point[1])


# --- retraining from scratch ----------------------------------------------------------------------


def _flow(law: Law, t: float, z: float, a: float | None, chunk: int = 64) -> Flow:
    """The solution from (t, z): by quadrature if autonomous, else by DOP853."""
    if law.half_life is None and law.mode != "continual":
        return QuadratureFlow(law, t, z, a, chunk)
    return OdeFlow(law, t, z, a)


def _run_gain(law: Law, flow: Flow, u: Array) -> tuple[Array, Array]:
    """A run started at u: its length tau, and e_new = s + log10(tau / tau_0)."""
    tau = law.run_months(flow.log_pace(u))
    _, z, _ = flow.state(u)
    return tau, law.s_array(z) + np.log10(tau / law.q["training_months"])


def _launch(law: Law, flow: Flow, need: float, horizon: float) -> float:
    """The first u at which e_new >= a + Delta while software moves and t <= horizon, or inf."""

    def gap(u: float) -> float:
        return float(_run_gain(law, flow, np.array([u]))[1][0]) - need

    if gap(float(flow.u[0])) >= 0 and need < law.d - TIE_AT_D:
        return float(flow.u[0])
    seen = 0
    while need >= law.d - TIE_AT_D:  # e_new < D while software moves: only at rest, if at all
        if flow.done or flow.t[-1] > horizon:
            return math.inf
        flow.extend()
    while True:
        u = flow.u[seen:]
        gaps = _run_gain(law, flow, u)[1] - need
        for i in range(len(u) - 1):
            if gaps[i] >= 0:
                return _root(gap, float(u[max(i - 1, 0)]), float(u[i]))
            left = max(i - 1, 0)
            if gaps[i] >= gaps[left] and gaps[i] >= gaps[i + 1]:  # a peak between the grid's points
                low, high = float(u[left]), float(u[i + 1])
                at, most = _maximum(gap, low, high)
                if most >= 0:
                    return _root(gap, low, at)
        if gaps[-1] >= 0:
            return _root(gap, float(u[-2]), float(u[-1]))
        if flow.done or flow.t[-1] > horizon:
            return math.inf
        seen = max(len(flow.u) - 2, 0)
        flow.extend()


def _from_scratch(law: Law) -> dict[str, Any]:
    """Generations: one run at a time, algorithms frozen at its start, a = e_new when it ends.

    A run starts when idle as soon as e_new = s + log10(tau/tau_0) >= a + Delta; one that would end
    after the horizon is not deployed. Software moves by ds/dt = g M / 12 throughout, and rests at
    min(D, 40) OOM.
    """
    horizon, tau_0 = law.q["horizon_months"], law.q["training_months"]
    delta = law.q["generation_gain_ooms"]
    t, z, a = 0.0, 0.0, 0.0
    deployments = [(0.0, 0.0)]
    peaks = [(law.log_f0, 0.0)]
    s_end, t_rest = 0.0, math.inf
    while True:
        held = z >= law.z_cap
        flow = _flow(law, t, z, a, chunk=8)
        s_end = law.s_cap if held else law.s_of(z)
        if deployments[-1][1] >= TOP_OOMS - TIE_OOMS:
            end = "top"
            break
        u = math.inf if held else _launch(law, flow, a + delta, horizon)
        if math.isfinite(u):
            t_launch = flow.months(u)
            tau_array, e_array = _run_gain(law, flow, np.array([u]))
            tau, e_new = float(tau_array[0]), float(e_array[0])
            if u > flow.u[0]:
                e_new = a + delta  # by the definition of the start
        elif not flow.done:
            t_launch, tau, e_new = math.inf, 0.0, 0.0
        else:  # at rest: M is the law's value at that s, 0 at D
            t_launch = t if held else flow.months(flow.u_cap)
            if not math.isfinite(t_rest):
                t_rest = t_launch + _tail(law, flow)
            tau = tau_0
            if law.s_cap < law.d:
                point = (np.array([law.z_cap]), np.array([a]), np.array([t_launch]))
                tau = float(law.run_months(law.log_pace(*point))[0])
            e_new = law.s_cap + math.log10(tau / tau_0)
            if e_new < a + delta - TIE_AT_D:
                end = "limit" if t_rest <= horizon else "horizon"
                s_end = law.s_cap
                break
            if a + delta >= law.d - TIE_AT_D:
                t_launch = max(t_launch, t_rest)
        if t_launch > horizon or t_launch + tau > horizon:
            end = "horizon"
            s_end = _software_at(law, flow, horizon, held)
            break
        t_next = t_launch + tau
        if held:
            z_next = z
        else:
            while not flow.done and flow.t[-1] < t_next:
                flow.extend()
            rested = flow.done and flow.t[-1] <= t_next
            u_next = flow.u_cap if rested else flow.u_of_months(t_next)
            peaks.append(_peak(flow, float(flow.u[0]), u_next))
            if rested:
                t_rest = flow.months(flow.u_cap) + _tail(law, flow)
            z_next = law.z_cap if rested else float(flow.state(np.array([u_next]))[1][0])
        t, z, a = t_next, z_next, e_new
        deployments.append((t, a))
        if z < law.z_cap:  # the moment of a deployment, with its labour, counts (the last one too)
            peaks.append((float(law.log_pace(np.array([z]), np.array([a]), np.array([t]))[0]), t))
    log_peak, t_peak = _earliest(peaks)
    return {
        "deployments": deployments,
        "end": end,
        "s_end": s_end,
        "log_peak": log_peak,
        "t_peak": t_peak,
    }


def _software_at(law: Law, flow: Flow, months: float, held: bool) -> float:
    """Software s at a date on the current flow."""
    if held:
        return law.s_cap
    while not flow.done and flow.t[-1] < months:
        flow.extend()
    if flow.done and flow.t[-1] <= months:
        return law.s_cap
    return law.s_of(float(flow.state(np.array([flow.u_of_months(months)]))[1][0]))


# --- the whole draw -------------------------------------------------------------------------------


def _doublings(law: Law) -> tuple[float, float]:
    """N = 1/x at s = 0 (a = s, rho(0), from the right), and with abs(N) + 1 for abs(N)."""
    zero = np.zeros(1)
    x = float(law.exponent(zero, zero, zero, 1.0)[0])
    if abs(x) <= 8 * EPS * (law.beta + law.lam * law.mu + law.phi):
        return math.inf, math.inf
    return 1 / x, 1 / float(_shorten(np.array([x]), False)[0])


def solve(row: Mapping[str, Any], levels: Iterable[float] = LEVELS_DEFAULT) -> dict[str, Any]:
    """Solve ds/dt = g M / 12 for one row and return its outcomes.

    Parameters
    ----------
    row
        Code names of the quantities to values; absent, None or NaN: not given.
    levels
        The k of `months_to` and `best_window_months`, in OOM.

    Returns
    -------
    dict
        The outcomes by name; `deployments` (t, e) in mode `from_scratch`.
    """
    levels = tuple(levels)
    law = Law(row)
    result: dict[str, Any] = {"n_deployments": None}
    if law.mode == "from_scratch":
        run = _from_scratch(law)
        times = np.array([t for t, _ in run["deployments"]])
        e = np.array([x for _, x in run["deployments"]])
        elapsed, rise = times[None, :] - times[:, None], e[None, :] - e[:, None]
        result["months_to"] = {k: _least(times[e >= k - TIE_OOMS]) for k in levels}
        result["best_window_months"] = {k: _least(elapsed[rise >= k - TIE_OOMS]) for k in levels}
        result["best_gain_ooms"] = {
            w: min(TOP_OOMS, float(rise[(elapsed >= 0) & (elapsed <= w + TIE_MONTHS)].max())) for w in GAIN_WINDOWS
        }
        result["first_year_ooms"] = min(TOP_OOMS, float(e[times <= 12].max()))
        result["n_deployments"] = len(times) - 1
        result["deployments"] = run["deployments"]
        end, s_end, peak = run["end"], run["s_end"], (run["log_peak"], run["t_peak"])
    else:
        path = Path(law, _flow(law, 0.0, 0.0, None))
        flow = path.flow
        result["months_to"] = {k: path.months_to(k) for k in levels}
        result["best_window_months"] = {k: path.window(k) for k in levels}
        result["best_gain_ooms"] = {w: path.gain(w) for w in GAIN_WINDOWS}
        result["first_year_ooms"] = path.at_months(12.0)
        end = path.end
        z_end = float(flow.state(np.array([path.u_end]))[1][0])
        s_end = law.s_cap if path.u_end >= flow.u_cap else law.s_of(z_end)
        peak = _peak(flow, float(flow.u[0]), path.u_end)
    initial = math.exp(law.log_f0) if law.speedup is None else law.speedup
    result["pace_initial"] = initial
    result["pace_peak"] = initial * math.exp(peak[0] - law.log_f0)
    result["months_to_peak"] = peak[1]
    result["pace_ceiling"] = ceiling(row)
    doublings = _doublings(law)
    result["doublings_per_pace_doubling"] = doublings[0]
    result["doublings_per_pace_doubling_shortened"] = doublings[1]
    result["limit_reached"] = bool(s_end >= 0.99 * law.d) if math.isfinite(law.d) else False
    result["end"] = end
    return result


def _least(values: Array) -> float:
    """Smallest of the values, inf of none."""
    return float(values.min()) if len(values) else math.inf
