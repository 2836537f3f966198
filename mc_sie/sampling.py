"""Points in the unit cube, each computed from its own address: (seed, replicate, dimension, index).

No number depends on another, so adding a quantity moves no other draw, and batch size, order and thread count change
nothing. A design is a number of independent randomisations (replicates) of the same scheme; the standard error of any
estimate comes from the spread between them.

``sobol``
    Sobol' points with the direction numbers of Joe & Kuo (2008), each replicate and dimension scrambled by Owen's
    nested uniform scramble [1]_. The default: on smooth and 0/1 outcomes alike it is the most accurate.
``philox``
    Independent numbers from the counter-based generator Philox 4x32-10 [2]_: plain Monte Carlo.

Notes
-----
Burley (2020) scrambles by a hash of the bit-reversed number, whose quality rests on well-chosen constants [3]_. Here
the scramble is Owen's own. The tree of binary digits has a random flip at each node; a good 64-bit hash of (key, node)
gives the 63 flips of a subtree six levels deep, so that four hashes give 24 levels. A fifth gives the digits below,
which are exactly nested uniform too as long as a replicate has at most 2^24 points (no two then share a cell of that
depth); beyond, the points of one such cell share a digital shift.

Numbers are odd multiples of a power of two, half a cell off the grid, so that neither 0 nor 1 is ever returned.

References
----------
.. [1] Owen, A. B. (1995). Randomly permuted (t,m,s)-nets and (t,s)-sequences. Springer LNS 106.
.. [2] Salmon, J. K., Moraes, M. A., Dror, R. O. & Shaw, D. E. (2011). Parallel random
       numbers: as easy as 1, 2, 3. SC11.
.. [3] Burley, B. (2020). Practical hash-based Owen scrambling. Journal of Computer Graphics Techniques 9(4).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.errors import InputError, nearest
from mc_sie.quantities import N_DIMENSIONS

SCHEMES = ("sobol", "philox")
"""Schemes that fill the unit cube, the default first."""

N_REPLICATES_DEFAULT = 32
"""Independent randomisations when nothing else is asked for: a standard error from 32 is itself good to 13 %."""

N_PER_REPLICATE_HIGH = 2**32
"""Most draws in one replicate: the index bits that Sobol' numbers are computed from."""


# --- The design ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Design:
    """Number of points, scheme and seed. Made by :func:`plan`."""

    scheme: str
    """One of :data:`SCHEMES`."""
    seed: int
    """In [0, 2^64)."""
    n_replicates: int
    """Independent randomisations."""
    n_per_replicate: int
    """Draws in each; a power of two for ``sobol``."""

    @property
    def n_draws(self) -> int:
        """Draws in all replicates together."""
        return self.n_replicates * self.n_per_replicate

    @property
    def replicate(self) -> NDArray[np.int32]:
        """Number of the replicate that each draw belongs to, shape (n_draws,)."""
        return np.repeat(np.arange(self.n_replicates, dtype=np.int32), self.n_per_replicate)


def plan(n_draws: int, *, scheme: str = "sobol", seed: int = 0, n_replicates: int = N_REPLICATES_DEFAULT) -> Design:
    """Smallest design with at least so many draws.

    Parameters
    ----------
    n_draws : int
        Draws asked for; rounded up to ``n_replicates`` times a power of two (``sobol``) or to a multiple of
        ``n_replicates``.
    scheme : {"sobol", "philox"}
        How the points are laid out.
    seed : int
        In [0, 2^64). The same seed gives the same points, on any machine.
    n_replicates : int
        Independent randomisations, at least 2: their spread is the standard error.

    Returns
    -------
    Design
        With ``n_draws`` at least the number asked for.

    Raises
    ------
    InputError
        For a number that is not whole or out of range, or an unknown scheme.

    Examples
    --------
    >>> plan(100_000).n_draws
    131072
    """
    if scheme not in SCHEMES:
        raise InputError(f"scheme = {scheme}", "is not a sampling scheme", nearest(str(scheme), SCHEMES))
    n_replicates = _whole("n_replicates", n_replicates, low=2, why="the standard error is their spread")
    n_draws = _whole("n_draws", n_draws, low=1, why="there must be draws")
    seed = _whole("seed", seed, low=0, high=2**64 - 1, why="the generator takes 64 bits")
    n_per_replicate = -(-n_draws // n_replicates)
    # Sobol' points are balanced in powers of two only: any other number would lose what they are taken for.
    if scheme == "sobol":
        n_per_replicate = 1 << (n_per_replicate - 1).bit_length()
    if n_per_replicate > N_PER_REPLICATE_HIGH:
        limit = n_replicates * N_PER_REPLICATE_HIGH
        raise InputError(f"n_draws = {n_draws}", f"is above {limit}", "A replicate holds at most 2^32 draws.")
    return Design(scheme, seed, n_replicates, n_per_replicate)


def _whole(argument: str, value: object, low: int, why: str, high: int | None = None) -> int:
    """A whole number within limits, or a refusal that names the argument."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{argument} = {value}", "is not a whole number", "Write it as plain digits.") from None
    if isinstance(value, bool) or number < low or (high is not None and number > high):
        allowed = f"at least {low}"
        if high is not None:
            allowed = f"from {low} to {high}"
        raise InputError(f"{argument} = {value}", f"is out of range: {why}", f"Give a whole number, {allowed}.")
    return number


def points(design: Design, dimension: int, start: int, stop: int) -> NDArray[np.float64]:
    """Coordinates of some draws in one dimension.

    Parameters
    ----------
    design : Design
        Scheme, seed and sizes.
    dimension : int
        Permanent dimension of a quantity, ``quantities.QUANTITIES[name].dimension``.
    start, stop : int
        Draws ``start`` to ``stop - 1`` in the order of the design, replicate by replicate.

    Returns
    -------
    ndarray, shape (stop - start,)
        Uniform numbers, strictly between 0 and 1. Any split into batches gives the same bits.

    Raises
    ------
    InputError
        When the dimension or the range is outside the design.
    """
    if not 0 <= dimension < N_DIMENSIONS_HIGH:
        raise InputError(f"dimension {dimension}", f"is not between 0 and {N_DIMENSIONS_HIGH - 1}")
    if not 0 <= start <= stop <= design.n_draws:
        raise InputError(f"draws {start} to {stop}", f"are not a range within the {design.n_draws} of the design")
    u = np.empty(stop - start)
    seed = np.uint64(design.seed)
    dim = np.uint64(dimension)
    with np.errstate(over="ignore"):  # interpreted, 64-bit products wrap with a warning; compiled, in silence
        filled = 0
        while filled < len(u):
            replicate, index = divmod(start + filled, design.n_per_replicate)
            part = u[filled : filled + design.n_per_replicate - index]
            filled += len(part)
            rep = np.uint64(replicate)
            first = np.uint64(index)
            if design.scheme == "sobol":
                _fill_sobol(part, first, seed, rep, dim, DIRECTIONS[dimension])
            else:
                _fill_philox(part, first, seed, rep, dim)
    return u


# --- Bits ------------------------------------------------------------------------------------------------------------
# Every operand is uint64, the constants included: numba turns uint64 with int64 into float64.

_0 = np.uint64(0)
_1 = np.uint64(1)
_HALF = np.uint64(32)
_WORD = np.uint64(2**32 - 1)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# multipliers and shifts of SplitMix64
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1 = np.uint64(30)
_SHIFT_2 = np.uint64(27)
_SHIFT_3 = np.uint64(31)


@njit
def _mix(z: np.uint64) -> np.uint64:
    """A 64-bit number scattered over all 64-bit numbers, one to one (the finaliser of SplitMix64)."""
    z = (z ^ (z >> _SHIFT_1)) * _MIX_1
    z = (z ^ (z >> _SHIFT_2)) * _MIX_2
    return z ^ (z >> _SHIFT_3)


@njit
def _key(seed: np.uint64, replicate: np.uint64, dimension: np.uint64) -> np.uint64:
    """One 64-bit key for each (seed, replicate, dimension)."""
    key: np.uint64 = _mix(seed + _GOLDEN)
    key = _mix(key + _GOLDEN * (replicate + _1))
    key = _mix(key + _GOLDEN * (dimension + _1))
    return key


_CELL = 2.0**-52


@njit
def _centre(cell: np.uint64) -> float:
    """Centre of one of 2^52 equal cells of the unit interval, exact in double precision."""
    return (np.float64(cell) + 0.5) * _CELL


# --- Sobol' points, Owen-scrambled -----------------------------------------------------------------------------------

_JOE_KUO = (
    (0, 1),
    (1, 1, 3),
    (1, 1, 3, 1),
    (2, 1, 1, 1),
    (1, 1, 1, 3, 3),
    (4, 1, 3, 5, 13),
    (2, 1, 1, 5, 5, 17),
    (4, 1, 1, 5, 5, 5),
    (7, 1, 1, 7, 11, 19),
    (11, 1, 1, 5, 1, 1),
    (13, 1, 1, 1, 3, 11),
    (14, 1, 3, 5, 5, 31),
    (1, 1, 3, 3, 9, 7, 49),
    (13, 1, 1, 1, 15, 21, 21),
    (16, 1, 3, 1, 13, 27, 49),
    (19, 1, 1, 1, 15, 7, 5),
    (22, 1, 3, 1, 15, 13, 25),
    (25, 1, 1, 5, 5, 19, 61),
    (1, 1, 3, 7, 11, 23, 15, 103),
    (4, 1, 3, 7, 13, 13, 15, 69),
    (7, 1, 1, 3, 13, 7, 35, 63),
    (8, 1, 3, 5, 9, 1, 25, 53),
    (14, 1, 3, 1, 13, 9, 35, 107),
    (19, 1, 3, 1, 5, 27, 61, 31),
    (21, 1, 1, 5, 11, 19, 41, 61),
    (28, 1, 3, 5, 3, 3, 13, 69),
    (31, 1, 1, 7, 13, 1, 19, 1),
    (32, 1, 3, 7, 5, 13, 19, 59),
    (37, 1, 1, 3, 9, 25, 29, 41),
    (41, 1, 3, 5, 13, 23, 1, 55),
    (42, 1, 3, 7, 3, 13, 59, 17),
    (50, 1, 3, 1, 3, 5, 53, 69),
    (55, 1, 1, 5, 5, 23, 33, 13),
    (56, 1, 1, 7, 7, 1, 61, 123),
    (59, 1, 1, 7, 9, 13, 61, 49),
    (62, 1, 3, 3, 5, 3, 55, 33),
    (14, 1, 3, 1, 15, 31, 13, 49, 245),
    (21, 1, 3, 5, 15, 31, 59, 63, 97),
    (22, 1, 3, 1, 11, 11, 11, 77, 249),
    (38, 1, 3, 1, 11, 27, 43, 71, 9),
    (47, 1, 1, 7, 15, 21, 11, 81, 45),
    (49, 1, 3, 7, 3, 25, 31, 65, 79),
    (50, 1, 3, 1, 1, 19, 11, 3, 205),
    (52, 1, 1, 5, 9, 19, 21, 29, 157),
    (56, 1, 3, 7, 11, 1, 33, 89, 185),
    (67, 1, 3, 3, 3, 15, 9, 79, 71),
    (70, 1, 3, 7, 11, 15, 39, 119, 27),
    (84, 1, 1, 3, 1, 11, 31, 97, 225),
    (97, 1, 1, 1, 3, 23, 43, 57, 177),
    (103, 1, 3, 7, 7, 17, 17, 37, 71),
    (115, 1, 3, 1, 5, 27, 63, 123, 213),
    (122, 1, 1, 3, 5, 11, 43, 53, 133),
    (8, 1, 3, 5, 5, 29, 17, 47, 173, 479),
    (13, 1, 3, 3, 11, 3, 1, 109, 9, 69),
    (16, 1, 1, 1, 5, 17, 39, 23, 5, 343),
    (22, 1, 3, 1, 5, 25, 15, 31, 103, 499),
    (25, 1, 1, 1, 11, 11, 17, 63, 105, 183),
    (44, 1, 1, 5, 11, 9, 29, 97, 231, 363),
    (47, 1, 1, 5, 15, 19, 45, 41, 7, 383),
    (52, 1, 3, 7, 7, 31, 19, 83, 137, 221),
    (55, 1, 1, 1, 3, 23, 15, 111, 223, 83),
    (59, 1, 1, 5, 13, 31, 15, 55, 25, 161),
    (62, 1, 1, 3, 13, 25, 47, 39, 87, 257),
)
"""Primitive polynomials and initial numbers, (a, m_1, ..., m_s), of dimensions 2 to 64: the first rows of
``new-joe-kuo-6.21201``, Joe & Kuo (2008), SIAM J. Sci. Comput. 30: 2635-2654, (c) 2008 F. Y. Kuo and S. Joe, BSD."""

N_DIMENSIONS_HIGH = len(_JOE_KUO) + 1
"""Dimensions that the sequence has numbers for."""

SECOND_BLOCK = 32
"""A second, independent set of coordinates of the same sequence: that of dimension d is d plus this. Pick-freeze
designs need both from one sequence; the lower half holds the quantities' dimensions and spares."""

NOISE_DIMENSION = N_DIMENSIONS_HIGH - 1
"""Dimension of the error of a simulated reading: the last, whose counterpart in the first block no quantity has."""

assert N_DIMENSIONS < SECOND_BLOCK
assert 2 * SECOND_BLOCK == N_DIMENSIONS_HIGH


def _directions() -> NDArray[np.uint64]:
    """Direction numbers, shape (dimension, bit of the index), as 32-bit binary fractions."""
    table = np.empty((N_DIMENSIONS_HIGH, 32), dtype=np.uint64)
    table[0] = [1 << (31 - k) for k in range(32)]  # van der Corput
    for row, (a, *m) in zip(table[1:], _JOE_KUO, strict=True):
        s = len(m)
        v = [m_k << (31 - k) for k, m_k in enumerate(m)]
        for k in range(s, 32):
            new = v[k - s] ^ (v[k - s] >> s)
            for j in range(1, s):
                new ^= ((a >> (s - 1 - j)) & 1) * v[k - j]
            v.append(new)
        row[:] = v
    return table


DIRECTIONS = _directions()
"""Direction numbers, shape (dimension, bit of the index), as 32-bit binary fractions."""

_DEPTH = np.uint64(24)  # levels of the tree of digits
_LEVELS = np.uint64(6)  # levels whose flips one hash gives
_LEVELS_MASK = np.uint64(63)
_BELOW = np.uint64(8)  # digits of the Sobol' point below the tree
_BELOW_MASK = np.uint64(0xFF)
_TAIL = np.uint64(28)  # digits returned below the tree
_TAIL_DISCARD = np.uint64(36)  # 64 less that


@njit
def sobol_bits(index: np.uint64, directions: NDArray[np.uint64]) -> np.uint64:
    """One coordinate of a Sobol' point before scrambling, times 2^32; ``directions`` is a row of :data:`DIRECTIONS`."""
    bits: np.uint64 = _0
    k = 0
    while index:
        bits ^= directions[k] * (index & _1)
        index >>= _1
        k += 1
    return bits


@njit
def owen_scramble(bits: np.uint64, key: np.uint64) -> np.uint64:
    """A 32-bit binary fraction after a nested uniform scramble, with 20 digits more.

    ``bits`` is the fraction times 2^32, the result the scrambled fraction times 2^52; ``key`` chooses the scramble.

    A node of the tree of digits is numbered as in a heap: 1 is the root, and the node reached by the digits ``d`` of
    ``k`` levels is ``2^k + d``. Whether the next digit is flipped there depends on the node alone.
    """
    word: np.uint64
    scrambled = _0
    level = _0
    while level < _DEPTH:
        word = _mix(key + _GOLDEN * ((_1 << level) | (bits >> (_HALF - level))))
        digits = (bits >> (_HALF - _LEVELS - level)) & _LEVELS_MASK
        flips = _0
        depth = _0
        while depth < _LEVELS:
            node = (_1 << depth) | (digits >> (_LEVELS - depth))
            flips = (flips << _1) | ((word >> node) & _1)
            depth += _1
        scrambled = (scrambled << _LEVELS) | (digits ^ flips)
        level += _LEVELS
    word = _mix(key + _GOLDEN * ((_1 << _DEPTH) | (bits >> _BELOW)))
    tail = (word >> _TAIL_DISCARD) ^ ((bits & _BELOW_MASK) << (_TAIL - _BELOW))
    return (scrambled << _TAIL) | tail


@njit
def _fill_sobol(
    out: NDArray[np.float64],
    first: np.uint64,
    seed: np.uint64,
    replicate: np.uint64,
    dimension: np.uint64,
    directions: NDArray[np.uint64],
) -> None:
    key = _key(seed, replicate, dimension)
    for i in range(len(out)):
        out[i] = _centre(owen_scramble(sobol_bits(first + np.uint64(i), directions), key))


# --- Independent numbers ---------------------------------------------------------------------------------------------

_PHILOX_M0 = np.uint64(0xD2511F53)
_PHILOX_M1 = np.uint64(0xCD9E8D57)
_PHILOX_W0 = np.uint64(0x9E3779B9)
_PHILOX_W1 = np.uint64(0xBB67AE85)
_WORDS = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@njit
def philox4x32(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> _WORDS:
    """Four random 32-bit words from a counter of four and a key of two (Philox 4x32, ten rounds)."""
    for _ in range(10):
        p0 = _PHILOX_M0 * c0
        p1 = _PHILOX_M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _WORD, (p0 >> _HALF) ^ c3 ^ k1, p0 & _WORD
        k0 = (k0 + _PHILOX_W0) & _WORD
        k1 = (k1 + _PHILOX_W1) & _WORD
    return c0, c1, c2, c3


_TOP = np.uint64(20)  # of 52 bits, 32 come from one word and 20 from another
_TOP_DISCARD = np.uint64(12)


@njit
def _philox_bits(index: np.uint64, seed: np.uint64, replicate: np.uint64, dimension: np.uint64) -> np.uint64:
    """52 random bits for an address: the counter is (index, dimension, replicate), the key the seed."""
    high, low, _, _ = philox4x32(index & _WORD, index >> _HALF, dimension, replicate, seed & _WORD, seed >> _HALF)
    bits: np.uint64 = (high << _TOP) | (low >> _TOP_DISCARD)
    return bits


@njit
def _fill_philox(
    out: NDArray[np.float64], first: np.uint64, seed: np.uint64, replicate: np.uint64, dimension: np.uint64
) -> None:
    for i in range(len(out)):
        out[i] = _centre(_philox_bits(first + np.uint64(i), seed, replicate, dimension))
