"""Where the literature is that prior sets name as their sources, by the words with which a source begins."""

from __future__ import annotations

_FORETHOUGHT = "https://www.forethought.org/research/"
_EPOCH = "https://epoch.ai/gradient-updates/"

ADDRESSES = {
    "Davidson & Houlden 2025": f"{_FORETHOUGHT}how-quick-and-big-would-a-software-intelligence-explosion-be",
    "Davidson 2025 (bottlenecks)": f"{_FORETHOUGHT}will-compute-bottlenecks-prevent-a-software-intelligence-explosion",
    "Davidson 2025 (retraining)": f"{_FORETHOUGHT}will-the-need-to-retrain-ai-models",
    "Eth & Davidson 2025": f"{_FORETHOUGHT}will-ai-r-and-d-automation-cause-a-software-intelligence-explosion",
    "Ho & Whitfill 2025": f"{_EPOCH}the-software-intelligence-explosion-debate-needs-experiments",
    "Erdil & Barnett 2025": f"{_EPOCH}most-ai-value-will-come-from-broad-automation-not-from-r-d",
    "Whitfill & Wu 2025": "https://arxiv.org/abs/2507.23181",
    "Ho et al. 2024": "https://arxiv.org/abs/2403.05812",
    "Kokotajlo & Lifland 2025": "https://ai-2027.com/research/takeoff-forecast",
    "AI Futures Model": "https://www.aifuturesmodel.com/",
    "AI Futures Project": "https://www.aifuturesmodel.com/",
    "epoch-research/ftm": "https://github.com/epoch-research/ftm",
}
"""Only places that are what they are cited as: a page leads nowhere else."""


def linked(source: str) -> str:
    """A source with a link in place of the words it begins with; as it is where no address is known."""
    for begins, address in ADDRESSES.items():
        if source.startswith(begins):
            return f"[{begins}]({address}){source.removeprefix(begins)}"
    return source
