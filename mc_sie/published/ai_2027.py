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
    """Calendar years of a phase: ``Y (1/v0 - 1/v1)/ln(v1/v0)``, with multipliers v0 and v1 at start and end."""
    return human_years * (1.0 / start - 1.0 / end) / math.log(end / start)


def stepped_years(human_years: float, start: float, end: float, step_years: float = 1.0 / 365.0) -> float:
    """Calendar years of a phase in whole steps, as a simulation does it; arguments as in :func:`phase_years`."""
    done = 0.0
    years = 0.0
    while done < human_years:
        done += step_years * start * (end / start) ** min(1.0, done / human_years)
        years += step_years
    return years


def coder_phase_human_years(prob: float, *, centre: float | None = None) -> float:
    """Quantile of the human-only years from superhuman coder to researcher: 0 with 15 %, else lognormal.

    Parameters
    ----------
    prob : float
        Above 0.15.
    centre : float, optional
        Median of the lognormal part; the geometric mean of its 80 % interval (1.5 to 10) if not given.
    """
    spread = math.log(10.0 / 1.5) / (2.0 * float(ndtri(0.9)))
    level = (prob - 0.15) / 0.85
    return (centre or math.sqrt(1.5 * 10.0)) * math.exp(spread * float(ndtri(level)))


def product(*intervals: tuple[float, float]) -> tuple[float, float, float]:
    """Low end, middle and high end of a product of independent lognormals given by their intervals."""
    middle = math.prod(math.sqrt(low * high) for low, high in intervals)
    spread = math.exp(math.hypot(*(0.5 * math.log(high / low) for low, high in intervals)))
    return middle / spread, middle, middle * spread


def taste_gap_years(a: float) -> float:
    """Human-only years from researcher to superintelligent researcher, ``x (x/10)^2 - x`` with ``x = 10 + a``."""
    x = 10.0 + a
    return x * (x / 10.0) ** 2 - x


def targets() -> list[Target]:
    """Numbers that the forecast printed."""
    v = MULTIPLIERS
    coder = coder_phase_human_years(0.5)
    high = coder_phase_human_years(0.9)
    centred = phase_years(coder_phase_human_years(0.9, centre=4.0), v["SC"], v["SAR"])
    daily = stepped_years(coder, v["SC"], v["SAR"])
    first = "years from superhuman coder to researcher"
    second = "years from researcher to superintelligent researcher"
    third = "years from superintelligent researcher to superintelligence"
    coder_low, coder_middle, coder_high = product((1.5, 3.0), (1.2, 2.0), (1.2, 2.0), (1.1, 1.5), (0.8, 1.0))
    return [
        Target(
            SOURCE,
            f"median {first}",
            "0.3",
            phase_years(coder, v["SC"], v["SAR"]),
            reason=f"3.28 human years, the median with 15 % zeros; {daily:.3f} in steps of a day",
        ),
        Target(
            SOURCE,
            f"90th percentile of the {first}",
            "0.95",
            phase_years(high, v["SC"], v["SAR"]),
            "not reproduced",
            f"a lognormal through 1.5-10 has its median at 3.87, printed as 4, gives 0.927; one at 4 {centred:.3f}",
        ),
        Target(SOURCE, f"median {second}", "0.3", phase_years(19.0, v["SAR"], v["SIAR"])),
        Target(SOURCE, f"10th percentile of the {second}", "0.04", phase_years(2.3, v["SAR"], v["SIAR"])),
        Target(
            SOURCE,
            f"90th percentile of the {second}",
            "56",
            phase_years(380.0, v["SAR"], v["SIAR"]),
            "not reproduced",
            "380 human years at 25 to 250 times human speed take 5.9; the printed 90th percentiles of the two dates, "
            "March 2028 and 2034, lie 6 apart, so 56 looks like a lost point (second-hand notes, original not seen)",
        ),
        Target(SOURCE, f"median {third}", "0.16", phase_years(95.0, v["SIAR"], v["ASI"])),
        Target(
            SOURCE,
            f"10th percentile of the {third}",
            "0.01",
            phase_years(2.4, v["SIAR"], v["ASI"]),
            "not reproduced",
            "2.4 human years at 250 to 2000 times human speed take 0.004",
        ),
        Target(SOURCE, "multiplier of the superhuman coder by parts, low, x", "3.4", coder_low),
        Target(SOURCE, "multiplier of the superhuman coder by parts, x", "5.8", coder_middle),
        Target(SOURCE, "multiplier of the superhuman coder by parts, high, x", "10", coder_high),
        Target(
            SOURCE,
            "multiplier of the superhuman researcher from surveys on parts, x",
            "26",
            7.0 * 3.0 * 2.5 * math.sqrt(0.25 * 0.95),
            reason="diversity 0.25-0.95, as the table has it; the text's 0.28 gives 27",
            matches="table",
        ),
        Target(SOURCE, "human years from researcher to superintelligent researcher", "19", taste_gap_years(5.0)),
        Target(SOURCE, "10th percentile of these human years", "2.3", taste_gap_years(1.0)),
        Target(
            SOURCE,
            "90th percentile of these human years",
            "380",
            taste_gap_years(25.0),
            "reproduced",
            "394 from the end of the interval 1-25; a simulated quantile, taken to be round",
            is_about=True,
        ),
    ]
