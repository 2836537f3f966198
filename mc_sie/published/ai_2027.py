"""AI 2027 Takeoff Forecast, Kokotajlo & Lifland (April 2025): human-only years of work, done at a rising multiple.

Each phase takes Y years at human speed; the multiplier rises geometrically in progress from v0 to v1 meanwhile.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from mc_sie.published.verdicts import Target

SOURCE = "AI 2027 takeoff forecast 2025"
MULTIPLIERS = {"SC": 5.0, "SAR": 25.0, "SIAR": 250.0, "ASI": 2000.0}
"""Progress multiplier at superhuman coder, superhuman AI researcher, superintelligent AI researcher, and beyond."""


def phase_years(human_years: float, start: float, end: float) -> float:
    """Calendar time of a phase: ``Y (1/v0 - 1/v1)/ln(v1/v0)``.

    Parameters
    ----------
    human_years : float
        Y, years at human speed.
    start, end : float
        Multipliers v0 and v1, different.

    Returns
    -------
    float
        Years.
    """
    return human_years * (1.0 / start - 1.0 / end) / math.log(end / start)


def stepped_years(human_years: float, start: float, end: float, step_years: float = 1.0 / 365.0) -> float:
    """The same day by day, as a simulation does it.

    Parameters
    ----------
    human_years, start, end
        As in :func:`phase_years`.
    step_years : float
        Length of a step.

    Returns
    -------
    float
        Years, whole steps.
    """
    done, years = 0.0, 0.0
    while done < human_years:
        done += step_years * start * (end / start) ** min(1.0, done / human_years)
        years += step_years
    return years


def coder_phase_human_years(prob: float, *, centre: float | None = None) -> float:
    """Quantile of the human-only years from superhuman coder to researcher: 0 with 15 %, else lognormal.

    Parameters
    ----------
    prob : float
        Level, above 0.15.
    centre : float, optional
        Median of the lognormal part; the geometric mean of its 80 % interval (1.5 to 10) if not given.

    Returns
    -------
    float
        Years.
    """
    spread = math.log(10.0 / 1.5) / (2.0 * float(ndtri(0.9)))
    level = (prob - 0.15) / 0.85
    return (centre or math.sqrt(1.5 * 10.0)) * math.exp(spread * float(ndtri(level)))


def targets() -> list[Target]:
    """What the forecast printed."""
    v = MULTIPLIERS
    coder = coder_phase_human_years(0.5)
    high = coder_phase_human_years(0.9)
    centred = phase_years(coder_phase_human_years(0.9, centre=4.0), v["SC"], v["SAR"])
    daily = stepped_years(coder, v["SC"], v["SAR"])
    researcher = phase_years(19.0, v["SAR"], v["SIAR"])
    return [
        Target(
            SOURCE,
            "median years from superhuman coder to researcher",
            "0.3",
            phase_years(coder, v["SC"], v["SAR"]),
            reason=f"3.28 human years, the median with 15 % zeros; {daily:.3f} in steps of a day",
        ),
        Target(
            SOURCE,
            "90th percentile of the years from superhuman coder to researcher",
            "0.95",
            phase_years(high, v["SC"], v["SAR"]),
            "explained",
            "an interval of 1.5-10 has its median at 3.87, printed as 4; a lognormal centred at 4 gives "
            f"{centred:.3f}, one centred at 3.87 gives 0.927",
            instead=centred,
            about=0.01,
        ),
        Target(SOURCE, "median years from researcher to superintelligent researcher", "0.3", researcher),
        Target(
            SOURCE,
            "10th percentile of the years from researcher to superintelligent researcher",
            "0.04",
            phase_years(2.3, v["SAR"], v["SIAR"]),
        ),
        Target(
            SOURCE,
            "90th percentile of the years from researcher to superintelligent researcher",
            "56",
            phase_years(380.0, v["SAR"], v["SIAR"]),
            "not reproduced",
            "380 human years at 25 to 250 times human speed take 5.9 years; 56 is ten times that, as if a point "
            "were lost (second-hand notes, not checked against the original)",
        ),
        Target(
            SOURCE,
            "median years from superintelligent researcher to superintelligence",
            "0.16",
            phase_years(95.0, v["SIAR"], v["ASI"]),
        ),
    ]
