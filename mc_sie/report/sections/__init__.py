"""The sections of a report, each from the tables of one analysis, and nothing computed beyond the wording."""

from mc_sie.report.sections.answer import answer, assumptions, convergence, quantile_points
from mc_sie.report.sections.drivers import drivers, medians_table, nothing_to_rank, worlds
from mc_sie.report.sections.lead import EXPLAINED, claim, hangs_on, lead, strip_of
from mc_sie.report.sections.measure import measurements
from mc_sie.report.sections.others import disagreement, evidence, form, side_by_side
from mc_sie.report.sections.retraining import retraining
from mc_sie.report.sections.trust import again, checks

__all__ = [
    "EXPLAINED", "again", "answer", "assumptions", "checks", "claim", "convergence", "disagreement", "drivers",
    "evidence", "form", "hangs_on", "lead", "measurements", "medians_table", "nothing_to_rank", "quantile_points",
    "retraining", "side_by_side", "strip_of", "worlds",
]  # fmt: skip
