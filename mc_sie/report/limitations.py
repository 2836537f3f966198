"""What is not modelled, and which way it would push the probability. One list, for reports and documentation."""

from __future__ import annotations

from typing import NamedTuple


class Limitation(NamedTuple):
    """One thing that the law of motion leaves out."""

    what: str
    pushes: str
    """``"up"``, ``"down"`` or ``"either way"``: where the probability would go if it were modelled."""
    why: str


LIMITATIONS = (
    Limitation("Growth of hardware", "up", "Compute for experiments and training is held at its level on day one."),
    Limitation("Ideas shared between laboratories", "up", "One laboratory is followed, as if it were alone."),
    Limitation(
        "Progress before full automation",
        "either way",
        "Automation is complete at t = 0. A gradual rise would use up part of the gains before the clock starts, and "
        "would also show some of the acceleration earlier.",
    ),
    Limitation("Research slowed on purpose, or by accidents", "down", "Nobody pauses, and nothing breaks."),
    Limitation(
        "Compute that training takes from research, in mode continual",
        "down",
        "Research is charged nothing for the compute spent on continual training.",
    ),
    Limitation(
        "Accumulated training, in mode continual",
        "down",
        "It raises effective compute even where software stands still; the outcome accumulated_training_ooms says by "
        "how much. Counting software only would lower the probability.",
    ),
    Limitation(
        "Data, and tests that take calendar time",
        "down",
        "Only labour and experiment compute are inputs; waiting is in no equation but that of training.",
    ),
    Limitation(
        "Labour that gets better rather than more",
        "either way",
        "Smarter researchers are counted as more of them; whether quality loosens the bottleneck is left to rho.",
    ),
)
