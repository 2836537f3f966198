"""The Speed-Up Calculator beside Davidson & Houlden's simulator (July 2026): progress without an explosion.

With returns below 1, software progress is a multiple of the growth of its inputs: labour (g_L) and compute (g_C) before
automation, compute alone after it.
"""

from __future__ import annotations

from mc_sie.published.verdicts import Target

SOURCE = "Speed-Up Calculator 2026"


def growth(alpha: float, gamma: float, r_cog: float, g_labour: float, g_compute: float) -> tuple[float, float]:
    """Software growth before and after the automation of research.

    Parameters
    ----------
    alpha : float
        Labour share of research.
    gamma : float
        How far runtime compute adds to cognitive labour.
    r_cog : float
        Returns to cognitive labour, below 1.
    g_labour, g_compute : float
        Growth of human labour and of compute, per year.

    Returns
    -------
    before, after : float
        Growth of software, per year.
    """
    r_compute = r_cog * (1.0 - alpha) / alpha
    before = r_cog * g_labour + r_compute * g_compute
    after = r_cog * (1.0 / alpha + gamma) * g_compute / (1.0 - r_cog)
    return before, after


def targets() -> list[Target]:
    """Numbers that the calculator shows with its defaults."""
    before, after = growth(0.4, 1.0, 0.5, 0.7, 1.1)
    same_before, same_after = growth(0.4, 1.0, 0.5, 1.0, 1.0)
    return [
        Target(SOURCE, "growth before automation, per year", "1.175", before),
        Target(SOURCE, "growth after automation, per year", "3.85", after),
        Target(SOURCE, "speed-up, x", "3.2766", after / before, matches="code"),
        Target(
            SOURCE,
            "speed-up with equal growth of labour and compute, x",
            "2.8",
            same_after / same_before,
            reason="the closed form (1 + alpha gamma)/(1 - r_cog)",
            is_printed=False,
            matches="code",
        ),
    ]
