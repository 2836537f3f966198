"""Evidence: a measurement, and how likely each draw makes it.

A piece of evidence is a likelihood of something that a draw implies (:mod:`mc_sie.derived`). It conditions the prior
set that states it. The file must say who had used it already.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mc_sie.distributions.base import Array
from mc_sie.errors import InputError
from mc_sie.outcomes import as_text, window_months
from mc_sie.quantities import HORIZON_MONTHS_HIGH, QUANTITIES, TOP_OOMS

if TYPE_CHECKING:
    from mc_sie.derived import Subject


@dataclass(frozen=True)
class Keys:
    """Keys of a likelihood.

    Attributes
    ----------
    readings : tuple of str
        Keys that say what was measured, all of them needed.
    errors : tuple of str
        Keys of which one says how well.
    needs_error : bool
        True where one of them must be given.
    """

    readings: tuple[str, ...]
    errors: tuple[str, ...]
    needs_error: bool


KEYS = {
    "normal": Keys(("value",), ("sd",), needs_error=True),
    "lognormal": Keys(("value",), ("sd_log",), needs_error=True),
    "interval": Keys(("low", "high"), ("sd", "sd_log"), needs_error=False),
    "at_least": Keys(("value",), ("sd", "sd_log"), needs_error=True),
    "at_most": Keys(("value",), ("sd", "sd_log"), needs_error=True),
}
"""Each likelihood by its name."""

N_SD_SETTLED = 5.3
"""Standard deviations from a reading beyond which a likelihood is within 10^-6 of its limit: exp(-5.3^2 / 2) = 8e-7."""


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    Attributes
    ----------
    name : str
        Its name, once in a set.
    about : str
        What it is about, see :func:`mc_sie.derived.subject_of`.
    likelihood : str
        A name of :data:`KEYS`.
    parameters : mapping of str to float
        Its keys, in the unit of what it is about; ``sd_log`` is in natural logarithms.
    unit : str
        Unit of what it is about.
    source : str
        Where the numbers come from.
    judgement : str or None
        Why it is a judgement call, when it is one.
    already_used_by : tuple of str
        Prior sets that were made with it in mind.
    origin : str
        File that states it.
    """

    name: str
    about: str
    likelihood: str
    parameters: Mapping[str, float]
    unit: str
    source: str
    judgement: str | None
    already_used_by: tuple[str, ...]
    origin: str

    @cached_property
    def subject(self) -> Subject:
        """Subject of the measurement."""
        from mc_sie.derived import subject_of

        return subject_of(self.about)

    def __getstate__(self) -> dict[str, Any]:
        """State for other processes, without the subject, which holds functions and is easily looked up again."""
        return {name: value for name, value in vars(self).items() if name != "subject"}

    @property
    def numbers(self) -> dict[str, Any]:
        """Everything that decides the likelihood: all but names and prose."""
        return {"about": self.about, "likelihood": self.likelihood, **self.parameters}

    @property
    def settled_above(self) -> float:
        """Value of the subject above which all values are equally likely, within 10^-6; may be infinite."""
        given = self.parameters
        if "sd_log" in given:
            with np.errstate(over="ignore"):
                return float(self._top * np.exp(N_SD_SETTLED * given["sd_log"]))
        return self._top + N_SD_SETTLED * given.get("sd", 0.0)

    @property
    def _top(self) -> float:
        """The reading; the upper end of an interval."""
        if self.likelihood == "interval":
            return self.parameters["high"]
        return self.parameters["value"]

    def check_horizon(self, horizon_months: float) -> None:
        """Refuse evidence about a time or a gain that the trajectories do not reach.

        A time that lies beyond the end of a trajectory is inf among the outcomes, or the end itself. That is as good as
        the time only where the likelihood no longer tells later times apart. A gain of 20 OOM or more is 20 among them.

        Parameters
        ----------
        horizon_months : float
            End of each trajectory, months.

        Raises
        ------
        InputError
            When the likelihood differs between times beyond the end of the trajectories, or a gain is above 20 OOM.
        """
        subject = self.subject
        if not subject.is_outcome:
            return
        where = f"{self.origin}: evidence {self.name!r}"
        if subject.unit == "OOM" and self._top > TOP_OOMS:
            why = f"is about a gain of {as_text(self._top)} OOM, but a trajectory is followed to {TOP_OOMS:g}"
            raise InputError(where, why, "State a smaller gain, or a time instead.")
        is_time = subject.unit == "months"
        if is_time:
            months = self.settled_above
        else:
            months = window_months(subject.name, subject.index)
        if months <= horizon_months:
            return
        needed = "any number of"
        if months < math.inf:
            needed = as_text(math.ceil(months))
        claim = f"asks about {needed} months"
        if is_time:
            claim = f"tells times up to {needed} months apart"
        why = f"{claim}, but trajectories end after {as_text(horizon_months)}"
        remedy = f"Give --horizon-months {needed}."
        if months > HORIZON_MONTHS_HIGH:
            remedy = f"A horizon is at most {HORIZON_MONTHS_HIGH:,.0f} months: state a smaller error."
        raise InputError(where, why, remedy)

    def log_likelihood(self, values: ArrayLike) -> Array:
        """Logarithm of the likelihood of the evidence in each draw.

        Parameters
        ----------
        values : array_like of shape (n,)
            The subject in each draw, in its unit; may be infinite.

        Returns
        -------
        array of shape (n,)
            At most 0. For ``normal`` and ``lognormal`` relative to a draw that implies the value itself; for an
            interval or a bound, the probability that a reading with the stated error satisfies it. -inf where the value
            is nan.
        """
        x = np.asarray(values, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = self._log_likelihood(x)
        return np.where(np.isnan(x) | np.isnan(found), -np.inf, found)

    def _log_likelihood(self, x: Array) -> Array:
        from scipy.special import log_ndtr

        given = self.parameters
        if self.likelihood in ("normal", "lognormal"):
            z = self._standardised(x, given["value"])
            return -0.5 * z * z
        is_hard = not {"sd", "sd_log"} & set(given)
        if self.likelihood == "interval":
            if is_hard:
                return np.where((x >= given["low"]) & (x <= given["high"]), 0.0, -np.inf)
            above = self._standardised(x, given["low"])
            below = self._standardised(x, given["high"])
            # P(low <= reading <= high), from whichever tail is the smaller one
            far = np.where(above + below > 0.0, -below, above)
            near = np.where(above + below > 0.0, -above, below)
            return np.asarray(log_ndtr(far) + np.log(-np.expm1(log_ndtr(near) - log_ndtr(far))))
        z = self._standardised(x, given["value"])
        if self.likelihood == "at_most":
            z = -z
        return np.asarray(log_ndtr(z))

    def _standardised(self, x: Array, value: float) -> Array:
        """Distance of each draw above a value, in standard deviations of the reading."""
        if "sd_log" in self.parameters:
            return np.asarray((np.log(np.maximum(x, 0.0)) - math.log(value)) / self.parameters["sd_log"])
        return np.asarray((x - value) / self.parameters["sd"])

    def holds(self, values: ArrayLike) -> NDArray[np.bool_]:
        """True for draws that satisfy the evidence: inside the interval or bound, or within two standard deviations.

        Parameters
        ----------
        values : array_like of shape (n,)
            The subject in each draw, in its unit.

        Returns
        -------
        array of shape (n,), bool
            False for nan.
        """
        x = np.asarray(values, dtype=np.float64)
        given = self.parameters
        if self.likelihood == "interval":
            return (x >= given["low"]) & (x <= given["high"])
        if self.likelihood == "at_least":
            return np.asarray(x >= given["value"])
        if self.likelihood == "at_most":
            return np.asarray(x <= given["value"])
        return np.asarray(self.log_likelihood(x) >= -2.0)  # z^2 / 2 at two standard deviations

    def predicted(self, values: ArrayLike, random: np.random.Generator) -> NDArray[Any]:
        """Reading that each draw predicts, with its error.

        Parameters
        ----------
        values : array_like of shape (n,)
            The subject in each draw, in its unit.
        random : numpy.random.Generator
            Of the errors.

        Returns
        -------
        array of shape (n,)
            For ``normal`` and ``lognormal`` in the unit of the subject; else 1 where a reading would satisfy the
            interval or bound, and 0 elsewhere.
        """
        x = np.asarray(values, dtype=np.float64)
        if not self.is_value:
            return (random.random(x.shape) < np.exp(self.log_likelihood(x))).astype(np.int8)
        z = random.standard_normal(x.shape)
        if "sd_log" in self.parameters:
            return np.asarray(x * np.exp(self.parameters["sd_log"] * z))
        return np.asarray(x + self.parameters["sd"] * z)

    def predictive(self, values: ArrayLike) -> Array:
        """Probability in each draw of a reading below the one that was made, or of one that satisfies it.

        Parameters
        ----------
        values : array_like of shape (n,)
            The subject in each draw, in its unit.

        Returns
        -------
        array of shape (n,)
            For ``normal`` and ``lognormal`` P(reading < value); else the likelihood.
        """
        from scipy.special import ndtr

        x = np.asarray(values, dtype=np.float64)
        if self.is_value:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(ndtr(-self._standardised(x, self.parameters["value"])))
        return np.exp(self.log_likelihood(x))

    @property
    def is_value(self) -> bool:
        """True for a reading of a value, rather than an interval or a bound."""
        return self.likelihood in ("normal", "lognormal")

    @property
    def words(self) -> str:
        """The evidence in words, e.g. ``"pace_at_compute[0.1] is 0.5 x, give or take a factor of 1.5"``."""
        given = self.parameters
        unit = f" {self.unit}"
        if self.unit == "1":
            unit = ""
        error = ""
        if "sd" in given:
            error = f", sd {given['sd']:g}{unit}"
        elif "sd_log" in given:
            error = f", give or take a factor of {math.exp(given['sd_log']):.3g}"
        if self.likelihood == "interval":
            return f"{self.about} lies between {given['low']:g} and {given['high']:g}{unit}{error}"
        verb = {"at_least": "is at least", "at_most": "is at most"}.get(self.likelihood, "is")
        return f"{self.about} {verb} {given['value']:g}{unit}{error}"

    def record(self) -> dict[str, Any]:
        """The evidence as plain values, as :func:`mc_sie.priors.prior_from_dict` reads it."""
        stated = {key: value for key, value in vars(self).items() if key != "subject"}
        return {**stated, "parameters": dict(self.parameters), "already_used_by": list(self.already_used_by)}


def used_twice(evidence: Evidence, entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Quantities that the evidence bears on, each with the set it comes from, which had used the evidence already.

    A quantity that is fixed cannot learn, and is left out.
    """
    for name, entry in entries.items():
        stem = Path(entry.origin).stem
        random = entry.distribution.constant is None
        if random and QUANTITIES[name].determined in evidence.subject.inputs and stem in evidence.already_used_by:
            yield name, stem
