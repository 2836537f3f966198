"""The first screen: an answer that anybody can repeat, where it stands among others, and what it hangs on."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mc_sie.analysis.comparison.breakeven import BreakEven
from mc_sie.analysis.sensitivity.study import Sensitivity
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.published.davidson_bottlenecks import OWN_RANGE
from mc_sie.quantities import QUANTITIES
from mc_sie.report.document import Folded, Item, Strip, Table
from mc_sie.report.sections.drivers import nothing_to_rank
from mc_sie.stats.estimates import Estimate, in_percent, one_in

EXPLAINED = (
    "The clock starts when AI does all AI research. Effective training compute is the computing power spent on "
    "training times the efficiency of the software; computers are held fixed, so that only software can raise it. One "
    "OOM (order of magnitude) is a factor of ten, 5 OOM a factor of 100,000."
)
"""Words that a first-time reader must know."""

WORDS = {
    "OOM": "Order of magnitude: a factor of ten. 2 OOM are a factor of 100, 5 OOM one of 100,000.",
    "Effective training compute": "Computing power spent on training, times how much more the software gets out of it.",
    "Prior": "What is believed about an input before anything is simulated: which values it may have, and how likely.",
    "Prior set": "One such belief about every input, such as an author has published; every answer belongs to one.",
    "Draw, or world": "One value for every input, drawn from the priors, and what then happens, month by month.",
    "SE": "Standard error of the simulation: how far the number would move if other draws had been taken.",
    "Best window": "The stretch of time in which most is gained, whenever it begins; not only from day one.",
}
"""Words of the report that a reader may want explained."""

QUESTIONS = {
    "compute bottleneck": "how far more researchers can do without more computers",
    "returns": "how fast ideas get harder to find",
    "retraining": "what it takes to train each new system",
    "speed on day one": "how much faster research is on the first day",
    "stepping on toes": "how much parallel researchers get in each other's way",
    "limits": "how far software can get better at all",
    "labour per efficiency": "how much research better software buys",
    "pace before automation": "how fast software got better before",
}
"""Question that each group of inputs asks, as the end of a sentence."""


def author_of(prior: PriorSet) -> str:
    """Whose assumptions a set holds, as far as its title says: what stands before the colon."""
    return prior.title.partition(":")[0]


def claim(prior: PriorSet, answer: Estimate, sets: pd.DataFrame | None) -> str:
    """The answer in one sentence, and that of others, if they are given (as of the headlines of all shipped sets)."""
    chance = one_in(answer.prob)
    if answer.n_draws == 0 or answer.is_rare:
        chance = in_percent(answer)
    sentence = f"{chance[0].upper()}{chance[1:]}, on the assumptions of {author_of(prior)}"
    if sets is None:
        return f"{sentence}."
    low, high = (_roughly(prob) for prob in (sets["prob"].min(), sets["prob"].max()))
    return f"{sentence}; other published assumptions give anything from {low} to {high}."


def _roughly(prob: float) -> str:
    if prob < 0.005:
        return "near 0"
    return one_in(prob)


def lead(event: Event, hangs_on: list[str], strip: Strip | None, live_page: str) -> tuple[Item, ...]:
    """Items of the first screen: the event in words, the dots, what the answer hangs on, where to try other priors."""
    words = pd.DataFrame({"word": list(WORDS), "means": list(WORDS.values())})
    items = (
        f"That is the probability that {event.in_words}. {EXPLAINED}",
        strip,
        " ".join(hangs_on),
        live_page,
        Folded("What do the words mean?", (Table("words", "Words of this report.", words, pd.DataFrame()),)),
    )
    return tuple(item for item in items if item)


def strip_of(prior: PriorSet, answer: Estimate, sets: pd.DataFrame, is_headline: bool) -> Strip:
    """The shipped sets as dots, this one among them where it was asked the same."""
    dots = sets[["name", "prob"]]
    marked = ""
    if is_headline and answer.n_draws:
        others = dots[dots["name"] != prior.name]
        dots = pd.concat([others, pd.DataFrame({"name": [prior.name], "prob": [answer.prob]})], ignore_index=True)
        marked = prior.name
    band = None
    caption = f"Every dot is a set of published or plausible assumptions: {len(dots)} of them."
    if marked in OWN_RANGE:
        low, high = OWN_RANGE[marked]
        band = (low, high, author_of(prior))
        caption += f" Orange: the author's own judgement, {100 * low:g} to {100 * high:g} %."
    first, last = (dots.loc[place] for place in (dots["prob"].idxmin(), dots["prob"].idxmax()))
    ends = f"from {100 * first['prob']:.0f} % ({first['name']}) to {100 * last['prob']:.0f} % ({last['name']})"
    alt = f"{len(dots)} sets {ends}"
    if marked:
        alt += f"; {marked} at {100 * answer.prob:.0f} %"
    return Strip(f"{caption} They reach {ends}.", f"{alt}.", dots, marked, band)


def hangs_on(
    found: Sensitivity | InputError, turned: tuple[BreakEven, pd.DataFrame] | InputError, spread: str
) -> list[str]:
    """Up to three sentences: the groups that matter most, what the first input does, and that sets matter more."""
    if isinstance(found, InputError):
        return [nothing_to_rank(found), spread]
    if found.indices is None or not found.is_known:
        return [found.sentences[0], spread]
    groups = found.indices.groups
    shapley = groups[groups["index"] == "shapley"].sort_values("value", ascending=False).head(3)
    questions = ", then on ".join(QUESTIONS.get(row.group, row.group) for row in shapley.itertuples())
    shares = ", ".join(f"{100 * row.value:.0f}" for row in shapley.itertuples())
    sentences = [f"It hangs most on {questions} ({shares} % of the uncertainty)."]
    if not isinstance(turned, InputError):
        sentences += _first_input(found, turned[1])
    return [*sentences, spread]


def _first_input(found: Sensitivity, pins: pd.DataFrame) -> list[str]:
    """Answer for somebody who knew the most important input to be low, or high."""
    if not len(pins):  # nothing varies but the mode
        return []
    rows: list[Mapping[str, float]] = pins[pins["quantity"] == found.ranking["quantity"].iloc[0]].to_dict("records")
    if len(rows) != 2:
        return []
    label = QUANTITIES[str(found.ranking["quantity"].iloc[0])].label
    low, high = rows
    return [
        f"If {label} were known to be {low['value']:.2g} it would be {100 * low['prob']:.0f} %, and "
        f"{100 * high['prob']:.0f} % at {high['value']:.2g}."
    ]
