"""The sections of a report, each from the tables of one analysis, and nothing computed beyond the wording."""

from mc_sie.report.sections.answer import answer, assumptions, convergence, quantile_points
from mc_sie.report.sections.drivers import drivers, medians_table, no_drivers, nothing_to_rank, response, worlds
from mc_sie.report.sections.measure import measurements
from mc_sie.report.sections.others import disagreement, evidence, form, side_by_side
from mc_sie.report.sections.retraining import retraining
from mc_sie.report.sections.trust import again, checks

__all__ = [
    "again", "answer", "assumptions", "checks", "convergence", "disagreement", "drivers", "evidence", "form",
    "measurements", "medians_table", "no_drivers", "nothing_to_rank", "quantile_points", "response", "retraining",
    "side_by_side", "worlds",
]  # fmt: skip
