"""AI Futures Model (December 2025, updates to August 2026): a CES for experiment throughput, set by three anchors.

Throughput is ``(s C^(zeta rho) + (1 - s) L^(lambda rho))^(1/rho)`` with experiment compute C and serial-equivalent
labour L. Anchors: unlimited labour 15x, unlimited compute 1000x, a tenth of the compute 1/2.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mc_sie.engine.run import evaluate
from mc_sie.published.verdicts import Target

SOURCE = "AI Futures Model 2025-26"
PARALLEL_PENALTY = 0.5


@dataclass(frozen=True)
class Throughput:
    """The CES, and its parameters rho, s and zeta."""

    rho: float
    compute_share: float
    compute_exponent: float

    def __call__(self, compute: float, labour: float) -> float:
        """Throughput, x, with so much compute and labour, x."""
        from_compute = self.compute_share * compute ** (self.compute_exponent * self.rho)
        from_labour = (1.0 - self.compute_share) * labour ** (PARALLEL_PENALTY * self.rho)
        return float((from_compute + from_labour) ** (1.0 / self.rho))


def from_anchors(unlimited_labour: float, unlimited_compute: float, tenth_compute: float) -> Throughput:
    """The CES through three anchors: throughput, x, with unlimited labour, unlimited compute, a tenth of the compute.

    ``s = 15^rho`` and ``1 - s = 1000^rho`` give rho by their sum; the third anchor gives zeta.
    """
    from scipy.optimize import brentq

    rho = float(brentq(lambda rho: unlimited_labour**rho + unlimited_compute**rho - 1.0, -2.0, -1e-3, xtol=1e-15))
    share = unlimited_labour**rho
    zeta = -math.log10((tenth_compute**rho - (1.0 - share)) / share) / rho
    return Throughput(rho, share, zeta)


def targets() -> list[Target]:
    """Numbers that the model's documents print."""
    ces = from_anchors(15.0, 1000.0, 1.0 / 2.8)
    row = {"rho": ces.rho, "alpha_compute": ces.compute_share, "lam": PARALLEL_PENALTY, "r": 1.0}
    law = evaluate({**row, "labour_multiplier": 30.0}, levels=(1.0,))
    return [
        Target(
            SOURCE,
            "rho implied by the anchors",
            "-0.155",
            ces.rho,
            reason="sigma = 0.866; the high end of the economists' range is -0.15",
            is_printed=False,
        ),
        Target(SOURCE, "compute share implied by the anchors", "0.6572", ces.compute_share, is_printed=False),
        Target(SOURCE, "exponent on compute implied by the anchors", "0.6548", ces.compute_exponent, is_printed=False),
        Target(
            SOURCE,
            "throughput with unlimited labour, x",
            "15",
            ces(1.0, 1e300),
            "exact",
            "an anchor; the law's ceiling",
            law=float(law.pace_ceiling[0]),
        ),
        Target(SOURCE, "throughput with unlimited compute, x", "1000", ces(1e300, 1.0), reason="an anchor"),
        Target(SOURCE, "throughput with a tenth of the compute, 1/x", "2.8", 1.0 / ces(0.1, 1.0), reason="an anchor"),
        Target(
            SOURCE,
            "throughput with 30 times the labour, x",
            "1.6",
            ces(1.0, 30.0),
            "not reproduced",
            "the four printed anchors contradict one another: the code fits the other three, which give 1.71",
            "code",
            law=float(law.pace_initial[0]),
        ),
        Target(
            SOURCE,
            "median AC-to-ASI gap with training runs simulated, x without (Daniel)",
            "1.41",
            1.72 / 1.22,
            reason="arithmetic on the printed years only",
        ),
        Target(
            SOURCE,
            "median AC-to-ASI gap with training runs simulated, x without (Eli)",
            "1.18",
            4.56 / 3.86,
            reason="arithmetic on the printed years only",
        ),
    ]
