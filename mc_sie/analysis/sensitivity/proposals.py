"""The one table of measurements that the field has proposed, or could repeat, with the error that each would have.

Each is a design and an error, not a result: results that there are belong into a prior file as evidence. An error is
that of the source where it states one; elsewhere it is a judgement of ours and says so. Logarithms are natural
ones, and a 90 % range is 3.29 standard deviations wide.
"""

from __future__ import annotations

from dataclasses import dataclass

from mc_sie.analysis.sensitivity.readings import Reading


@dataclass(frozen=True)
class Proposal:
    """A measurement that somebody could make."""

    name: str
    title: str  # what would be done, in a phrase
    reading: Reading  # what is read, and with which error
    source: str  # who proposed it, or has done one like it
    error_source: str  # where the error comes from
    # why the error, or what the reading is taken for, is a judgement of ours; None where the source states both
    judgement: str | None = None
    is_late: bool = False  # True for what can be read only after automation


_TABLE = (
    Proposal(
        "tenth_of_compute",
        "a laboratory at a tenth of its experiment compute for a quarter",
        Reading("pace_at_compute[0.1]", sd_log=0.3),
        "the poll behind Kokotajlo & Lifland 2025 (AI 2027 takeoff forecast) as an experiment",
        "no source",
        "ours: one laboratory and a quarter; two standard deviations are a factor of 1.8 either way.",
    ),
    Proposal(
        "poll_tenth_of_compute",
        "one more poll on a tenth of the compute",
        Reading("pace_at_compute[0.1]", sd_log=0.64),
        "Kokotajlo & Lifland 2025 (AI 2027 takeoff forecast): median answer 0.6",
        "answers from 0.2 to 1 (n = 6): ln 5 over 2.53, what six normal numbers span on average",
        "ours: a poll errs as far as one of its answers, because researchers err together.",
    ),
    Proposal(
        "forty_times_labour",
        "forty times the labour at the same compute for a quarter",
        Reading("pace_at_labour[40]", sd_log=0.3),
        "Anthropic 2026 (system card of Mythos Preview, section 2.3.6): what doubling progress would take, measured",
        "no source",
        "ours: as for a tenth of the compute. What its people say of themselves has a larger error, and is evidence.",
    ),
    Proposal(
        "slow_corporation",
        "a 250th of the labour with the whole compute of a laboratory",
        Reading("pace_at_labour[0.004]", sd_log=0.5),
        "Greenblatt & Lifland 2026 (Slow corporations): their thought experiment as one that is carried out",
        "no source",
        "ours: a few people differ more than laboratories do; two standard deviations are a factor of 2.7 either way.",
    ),
    Proposal(
        "firm_panel",
        "a panel of laboratories like the one there is",
        Reading("sigma", sd=0.657),
        "Whitfill & Wu 2025 (arXiv 2507.23181), baseline: 27 firm-years of four laboratories",
        "Monte Carlo standard error of their baseline, which allows for errors in its variables (clustered: 0.341)",
    ),
    Proposal(
        "frontier_firm_panel",
        "a panel that settles what counts as an experiment",
        Reading("sigma", sd=0.176),
        "Whitfill & Wu 2025 (arXiv 2507.23181), experiments at the frontier",
        "clustered standard error of that specification",
        "ours: that the question which of their two specifications is right is answered, so that this error is all.",
    ),
    Proposal(
        "cost_share",
        "compute's share of a laboratory's research spending",
        Reading("alpha_compute", sd=0.049),
        "Ho & Whitfill 2025 (Epoch): 0.67 (0.59-0.75) for laboratories since late 2022",
        "that range as 90 %: 0.16 / 3.29",
        "ours: a cost share is read as the CES weight, which it is where both inputs are those of before automation.",
    ),
    Proposal(
        "paid_speedruns",
        "paid speedruns on fixed hardware",
        Reading("r", sd_log=0.33),
        "Erdil, Besiroglu & Ho 2024 (arXiv 2405.10494) measure returns from research input of whole fields",
        "their 5th to 95th percentile for computer vision, 0.82 to 2.42: ln 2.95 / 3.29",
        "ours: an experiment that varies its input is taken to be as good as the best field there is data of; what it "
        "reads are returns at fixed compute, r.",
    ),
    Proposal(
        "domain_study",
        "returns to research in one more domain",
        Reading("r_total", sd_log=0.33),
        "Ho & Whitfill 2025 (Epoch): language models 1.89 (1.07-3.21)",
        "that 90 % range: ln 3.0 / 3.29",
        "ours: that returns carry over from domain to domain, without the spread between domains.",
    ),
    Proposal(
        "parallel_teams",
        "one task given to one team, to two and to ten",
        Reading("lam", sd_log=0.3),
        "Davidson & Houlden 2025 (stepping on toes, log-uniform over a factor of four) name no measurement",
        "no source",
        "ours: ten teams give 10^lam; a factor of two in what they get done is 0.3 of lam's logarithm at lam = 1.",
    ),
    Proposal(
        "run_of_30_days",
        "a frontier training run cut to 30 days",
        Reading("training_months", sd_log=0.25),
        "Davidson 2025 (retraining): 30 days as the variant of his 100-day run",
        "no source",
        "ours: it shows how long a run must be, read with the factor of 1.3 by which run lengths of one year differ.",
    ),
    Proposal(
        "doubling_time",
        "the past doubling time from four times the data",
        Reading("software_doubling_months", sd_log=0.13),
        "Ho et al. 2024 (algorithmic progress in language models): 8 months, 95 % 5-14",
        "half of ln(14/5) / 3.92 = 0.26, theirs",
        "ours: that four times the data halve the error.",
    ),
    Proposal(
        "pace_on_day_one",
        "the pace in the first months of automation",
        Reading("pace_initial", sd_log=0.13),
        "no proposal: what a laboratory would see first",
        "as for the past doubling time",
        "ours: a few months of one laboratory are taken to be as good as the past.",
        is_late=True,
    ),
    Proposal(
        "first_oom",
        "waiting for the first OOM after automation",
        Reading("months_to[1]", sd_log=0.1),
        "no proposal: the latest that one could measure",
        "no source",
        "ours: a tenth, since day one and what counts as effective compute are both a matter of definition.",
        is_late=True,
    ),
)  # fmt: skip

PROPOSALS: dict[str, Proposal] = {proposal.name: proposal for proposal in _TABLE}
"""Proposed measurements by code name."""
