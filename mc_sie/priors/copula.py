"""Dependence between quantities: a Gaussian copula under the priors' own distributions.

A prior file states Spearman correlations between named quantities. Each is that of two standard normal variables with
correlation ``2 sin(pi spearman / 6)``; what is not stated is 0. Independent uniforms become independent normals, a
lower triangular root of the matrix mixes them, and the normal distribution function takes them back to uniforms, of
which the quantile functions make the quantities. Every quantity so keeps its distribution, one point of the
low-discrepancy sequence is still one draw, and a quantity without correlations keeps its own uniform bit for bit.

Correlations that people state pair by pair need not go together. Then the nearest matrix that is a correlation matrix
takes their place, and :meth:`Dependence.moved` says which pair went from what to what.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from mc_sie.distributions.base import UNREACHED, Array
from mc_sie.errors import InputError

EIGENVALUE_LOW = 1e-8
"""Smallest eigenvalue of a matrix in use: at 0 some quantity would be determined by others."""

MOVED_SHOWN = 0.0005
"""Change of a Spearman correlation that is worth listing."""

_DECIMALS = 12  # of a repaired matrix: what lies below depends on the linear algebra library
_STEPS_HIGH = 100_000  # of the projections, which stop long before


@dataclass(frozen=True)
class Correlation:
    """Rank correlation of one pair of quantities, as stated.

    Attributes
    ----------
    between : tuple of str
        Code names of two quantities, as stated: a correlation of ``max_speed`` is not one of ``rho``.
    spearman : float
        Rank correlation, in (-1, 1).
    source : str
        Where the number comes from.
    judgement : str or None
        Why it is a judgement call, when it is one.
    origin : str
        File that states it.
    """

    between: tuple[str, str]
    spearman: float
    source: str
    judgement: str | None = None
    origin: str = "stated in Python"

    def __post_init__(self) -> None:
        """Refuse what no file could say: a number outside (-1, 1), the same quantity twice."""
        where = f"correlation of {' and '.join(self.between)}"
        if not -1.0 < self.spearman < 1.0:
            raise InputError(f"{where} = {self.spearman}", "is not between -1 and 1", "At 1 both are one quantity.")
        if len(self.pair) != 2:
            raise InputError(where, "is not of two quantities", "A quantity is not correlated with itself.")

    @property
    def pair(self) -> frozenset[str]:
        """The two names, in no order."""
        return frozenset(self.between)


@dataclass(frozen=True)
class Dependence:
    """A Gaussian copula on some of the latent dimensions; the others are independent of them and of each other.

    Attributes
    ----------
    names : tuple of str
        Latent dimensions that are correlated with another, in the order of ``PriorSet.dimensions``.
    stated, used : tuple of tuple of float
        Correlation matrix of their standard normals, as stated and as used: the same unless the stated one is none.
    """

    names: tuple[str, ...] = ()
    stated: tuple[tuple[float, ...], ...] = ()
    used: tuple[tuple[float, ...], ...] = ()

    @property
    def matrix(self) -> Array:
        """Correlation matrix of the latent standard normals of :attr:`names`, shape (k, k); k = 0 if independent."""
        return np.array(self.used).reshape(len(self.names), len(self.names))

    @property
    def is_repaired(self) -> bool:
        """True where the stated matrix was no correlation matrix."""
        return self.stated != self.used

    @cached_property
    def root(self) -> Array:
        """Lower triangular L with ``L L' = matrix``, shape (k, k): ``L @ z`` correlates independent normals."""
        return _lower_root(self.matrix)

    def spearman(self, name: str, other: str) -> float:
        """Spearman correlation of two latent dimensions, which is that of quantities without atoms; 0 where none is
        stated.
        """
        if name not in self.names or other not in self.names:
            return 0.0
        return spearman_of(self.used[self.names.index(name)][self.names.index(other)])

    def applied(self, points: Mapping[str, Array]) -> Mapping[str, Array]:
        """Correlated uniforms from independent ones.

        Parameters
        ----------
        points : mapping of str to ndarray of float64
            In (0, 1), by name of the dimension.

        Returns
        -------
        mapping of str to ndarray of float64
            Uniform too. What is not in :attr:`names` is as it was, and so is the first of them: each name is mixed
            with those before it.

        Notes
        -----
        Row by row in a fixed order, so that a draw does not depend on which others are computed beside it. Sums of
        normals can lie further out than any uniform here can be: they are kept
        :data:`~mc_sie.distributions.base.UNREACHED` from 0 and 1, where no more than one draw in 10^16 would be.
        """
        if not self.names:
            return points
        from scipy.special import ndtr, ndtri

        latent = [ndtri(points[name]) for name in self.names]
        mixed = dict(points)
        for row, name in enumerate(self.names):
            terms = [(weight, z) for weight, z in zip(self.root[row], latent, strict=True) if weight != 0.0]
            if len(terms) > 1:  # the first name, and any that is independent of those before it, keeps its uniform
                z = sum(weight * z for weight, z in terms)
                mixed[name] = np.clip(ndtr(z), UNREACHED, 1.0 - 2.0 * UNREACHED)
        return mixed

    def moved(self) -> list[tuple[str, str, float, float]]:
        """Pairs that the repair changed: names, Spearman correlation before and after; largest change first.

        Those that moved by more than :data:`MOVED_SHOWN`, or else the one that moved most.
        """
        if not self.is_repaired:
            return []
        changes = [
            (self.names[i], self.names[j], spearman_of(self.stated[i][j]), spearman_of(self.used[i][j]))
            for i, j in combinations(range(len(self.names)), 2)
        ]
        changes.sort(key=lambda change: -abs(change[3] - change[2]))
        return [change for change in changes if abs(change[3] - change[2]) > MOVED_SHOWN] or changes[:1]


INDEPENDENT = Dependence()
"""No correlations."""


def dependence_between(order: Sequence[str], spearmans: Iterable[tuple[str, str, float]]) -> Dependence:
    """The copula of some Spearman correlations in (-1, 1), each pair once; a pair that is left out has 0.

    With the nearest correlation matrix where these are none. ``order`` is that of the latent dimensions.
    """
    pearson = {frozenset((name, other)): pearson_of(value) for name, other, value in spearmans if value != 0.0}
    names = tuple(name for name in order if any(name in pair for pair in pearson))
    stated = np.eye(len(names))
    for (i, name), (j, other) in combinations(enumerate(names), 2):
        stated[i, j] = stated[j, i] = pearson.get(frozenset((name, other)), 0.0)
    sound = not names or float(np.linalg.eigvalsh(stated)[0]) >= EIGENVALUE_LOW
    used = stated
    if not sound:
        used = nearest_correlation(stated)
    return Dependence(names, _frozen(stated), _frozen(used))


def pearson_of(spearman: float) -> float:
    """Correlation of two normals that have this Spearman correlation."""
    return 2.0 * math.sin(math.pi * spearman / 6.0)


def spearman_of(pearson: float) -> float:
    """Spearman correlation of two normals that have this correlation, the inverse of :func:`pearson_of`."""
    return 6.0 / math.pi * math.asin(pearson / 2.0)


def nearest_correlation(matrix: Array, smallest: float = EIGENVALUE_LOW) -> Array:
    """The correlation matrix nearest to a symmetric one.

    Parameters
    ----------
    matrix : ndarray of shape (k, k)
        Symmetric.
    smallest : float
        Lower bound on the eigenvalues of the result, in [0, 1).

    Returns
    -------
    ndarray of shape (k, k)
        Unit diagonal, eigenvalues at least ``smallest`` (within 1e-10), rounded to 12 decimals so that it does not
        depend on the linear algebra library; nearest in the Frobenius norm.

    Notes
    -----
    Alternating projections onto the matrices with a unit diagonal and those without negative eigenvalues, with
    Dykstra's correction, without which they would end somewhere in the intersection, not at the nearest point [1]_.
    The bound is put in by ``X = smallest I + (1 - smallest) Y`` for a correlation matrix Y. Tests compare with a
    solution of the dual problem.

    References
    ----------
    .. [1] Higham, N. J. (2002). Computing the nearest correlation matrix: a problem from finance. IMA Journal of
           Numerical Analysis 22(3).
    """
    identity = np.eye(len(matrix))
    aim = (matrix - smallest * identity) / (1.0 - smallest)
    y = aim
    correction = np.zeros_like(aim)
    for _ in range(_STEPS_HIGH):
        shifted = y - correction
        values, vectors = np.linalg.eigh(shifted)
        x = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = x - shifted
        before = y
        y = x.copy()
        np.fill_diagonal(y, 1.0)
        if np.abs(y - before).max() < 1e-14 or np.abs(y - x).max() < 1e-13:
            break
    deviations = np.sqrt(np.diag(x))
    x = smallest * identity + (1.0 - smallest) * x / np.outer(deviations, deviations)
    rounded: Array = np.round(0.5 * (x + x.T), _DECIMALS)
    np.fill_diagonal(rounded, 1.0)
    return rounded


def _lower_root(matrix: Array) -> Array:
    """Cholesky's root, summed in a fixed order so that its bits do not depend on the linear algebra library."""
    root = np.zeros_like(matrix)
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = float(matrix[i, j]) - math.fsum(float(root[i, k]) * float(root[j, k]) for k in range(j))
            if i == j:
                root[i, j] = math.sqrt(rest)
            else:
                root[i, j] = rest / float(root[j, j])
    return root


def _frozen(matrix: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
