"""Preconditioned Crank-Nicolson steps: Metropolis trials that keep the standard normal distribution as it is [1]_.

    z' = sqrt(1 - b^2) z + b xi,        xi standard normal

leaves the normal distribution invariant for every step length b, even one for each dimension, so that what is accepted
depends on the target alone: the draw must stay in a stage of subset simulation, or keep its likelihood.

References
----------
.. [1] Cotter, S. L., Roberts, G. O., Stuart, A. M. & White, D. (2013). MCMC methods for functions: modifying old
       algorithms to make them faster. Statistical Science 28(3): 424-446.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTH_FIRST = 0.6
"""Step length with which a chain begins."""

N_CHOICES = 3
"""Uniform numbers of each draw that :func:`trial` takes for its choices."""

_ACCEPTED = 0.3  # share of wide steps whose acceptance the step length is tuned for
_LENGTH_LOW, _LENGTH_HIGH = 0.02, 1.0
_N_FAR = 1.5  # dimensions that a far step moves on average
_RENEWED = 0.3  # share of the far steps that draw their dimensions anew


def trial(z: Array, noise: Array, dimensions: Array, choices: Array, length: float) -> tuple[Array, NDArray[np.bool_]]:
    """Trial positions from latent normals z of shape (n, d), and which of them are wide steps.

    Half of the steps are wide: they move all dimensions a little, by ``length`` from 0 to 1 on average. The others are
    far: they move a few dimensions by much, which is how a chain leaves one region for another.

    Uniform numbers: ``noise`` of the step, ``dimensions`` for the choice of those that a far step moves, both of shape
    (n, d); ``choices`` of shape (n, N_CHOICES) for wide or far, renewed or not, and how long.
    """
    from scipy.special import ndtri

    is_wide = choices[:, 0] < 0.5
    far = np.where(choices[:, 1] < _RENEWED, 1.0, 0.5 * choices[:, 2] + 0.05)
    near = np.minimum(1.0, length * (0.3 + 1.4 * choices[:, 2]))
    is_moved = dimensions < _N_FAR / max(1, z.shape[1])
    b = np.where(is_wide[:, None], near[:, None], np.where(is_moved, far[:, None], 0.0))
    return np.sqrt(1.0 - b * b) * z + b * ndtri(noise), is_wide


def tuned(length: float, accepted: NDArray[np.bool_], is_wide: NDArray[np.bool_]) -> float:
    """Step length for the next trial: longer where more wide steps than wanted were accepted."""
    if not is_wide.any():
        return length
    return float(np.clip(length * math.exp(accepted[is_wide].mean() - _ACCEPTED), _LENGTH_LOW, _LENGTH_HIGH))
