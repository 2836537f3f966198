"""Stopping by the standard error of a probability, absolute or relative.

Stopping by an error that is itself estimated prefers moments at which it comes out too small. With 32 replicates the
90 % intervals of runs that stopped so cover at 0.89 to 0.92 on hundreds of events; with eight at 0.83 to 0.90, with two
at 0.5 to 0.8.
"""

from __future__ import annotations

from dataclasses import dataclass

from mc_sie.errors import InputError
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import Estimate, error_bound

REPLICATES_LOW = 32
"""Fewest replicates by whose spread a run may decide to stop."""


@dataclass(frozen=True)
class Precision:
    """Standard errors that a run doubles its draws to reach. Made by :func:`precision`.

    Attributes
    ----------
    target_se : float or None
        Standard error to reach.
    rel_se : float or None
        Standard error to reach, relative to the probability.
    """

    target_se: float | None = None
    rel_se: float | None = None

    def check_replicates(self, n_replicates: int) -> None:
        """Refuse to stop by a standard error that too few replicates estimate.

        Parameters
        ----------
        n_replicates : int
            Independent randomisations of the design.

        Raises
        ------
        InputError
            When there are fewer than :data:`REPLICATES_LOW`.
        """
        if self.is_asked and n_replicates < REPLICATES_LOW:
            option = "target_se" if self.target_se is not None else "rel_se"
            why = f"are too few for {option}: runs would stop at errors that are too small by luck"
            remedy = f"Take at least {REPLICATES_LOW}, or leave out {option} and give n_draws."
            raise InputError(f"n_replicates = {n_replicates}", why, remedy)

    @property
    def is_asked(self) -> bool:
        """True where there is anything to reach."""
        return self.target_se is not None or self.rel_se is not None

    def is_reached(self, estimate: Estimate, n_replicates: int) -> bool:
        """True once the standard error is surely (at 90 %) small enough; a rare event's bound counts as its error.

        Parameters
        ----------
        estimate : Estimate
            The probability.
        n_replicates : int
            Randomisations behind it.

        Returns
        -------
        bool
            Of everything that is asked for.
        """
        bound = error_bound(estimate, n_replicates)
        absolute = self.target_se is None or bound < self.target_se
        relative = self.rel_se is None or bound < self.rel_se * estimate.prob
        return absolute and relative

    def sentence(self, estimate: Estimate, n_replicates: int) -> str:
        """Sentence on what was to be reached, and what was; empty where nothing was.

        Parameters
        ----------
        estimate, n_replicates
            As in :meth:`is_reached`.

        Returns
        -------
        str
            ``"target_se 0.001 is reached: 0.0008 is the 90 % bound on the standard error with 131,072 draws."``
        """
        if not self.is_asked:
            return ""
        targets = {"target_se": self.target_se, "rel_se": self.rel_se}
        asked = [f"{name} {value:g}" for name, value in targets.items() if value is not None]
        bound = error_bound(estimate, n_replicates)
        what = "90 % bound on the standard error" if estimate.has_error else "width of the 95 % bound"
        share = f" ({bound / estimate.prob:.2g} of the probability)" if self.rel_se and estimate.prob > 0.0 else ""
        reached = f"{bound:.2g}{share} is the {what} with {estimate.n_draws:,} draws"
        verb = "is" if len(asked) == 1 else "are"
        claim = f"{' and '.join(asked)} {verb}"
        if self.is_reached(estimate, n_replicates):
            return f"{claim} reached: {reached}."
        return f"{claim} not reached: {reached}; max_draws stops there."


def precision(
    target_se: float | None,
    rel_se: float | None,
    *,
    n_draws: int,
    max_draws: int,
    n_replicates: int = N_REPLICATES_DEFAULT,
) -> Precision:
    """Standard errors that a run is to reach, checked.

    Parameters
    ----------
    target_se, rel_se : float or None
        Standard error to reach, absolute and relative.
    n_draws, max_draws : int
        Draws to start with, and the most that may be used.
    n_replicates : int
        Independent randomisations of the design.

    Returns
    -------
    Precision
        The targets.

    Raises
    ------
    InputError
        For errors outside (0, 1), a maximum below the start, or too few replicates.
    """
    for option, value, example in (
        ("target_se", target_se, "0.001 is a tenth of a percentage point."),
        ("rel_se", rel_se, "0.01 is one part in a hundred of the probability."),
    ):
        if value is not None and not 0.0 < value < 1.0:
            raise InputError(f"{option} = {value:g}", "is not between 0 and 1", example)
    asked = Precision(target_se, rel_se)
    asked.check_replicates(n_replicates)
    if asked.is_asked and max_draws < n_draws:
        why = f"is below the {n_draws} draws to start with"
        raise InputError(f"max_draws = {max_draws}", why, "Raise it, or lower n_draws.")
    return asked
