"""Points in the unit cube: addresses, nets, marginals, independence, accuracy."""

import math

import numpy as np
import pytest
from numba import config
from scipy import stats
from scipy.stats import qmc

from mc_sie import sampling
from mc_sie.errors import InputError
from mc_sie.quantities import N_DIMENSIONS
from mc_sie.sampling import DIRECTIONS, N_DIMENSIONS_HIGH, SCHEMES, Design, plan, points

INTERPRETED = bool(config.DISABLE_JIT)
SOBOL, PHILOX = SCHEMES


def size(compiled: int, interpreted: int) -> int:
    """A sample size that the interpreter can bear when the JIT is disabled."""
    return interpreted if INTERPRETED else compiled


def cube(design: Design, n_dimensions: int) -> np.ndarray:
    """All points of a design, shape (replicate, draw, dimension)."""
    columns = [points(design, d, 0, design.n_draws) for d in range(n_dimensions)]
    return np.stack(columns, axis=-1).reshape(design.n_replicates, design.n_per_replicate, n_dimensions)


# --- The plan ---


@pytest.mark.parametrize(
    ("scheme", "asked", "n_replicates", "n_per_replicate"),
    [
        (SOBOL, 32, 32, 1),
        (SOBOL, 33, 32, 2),
        (SOBOL, 65_536, 32, 2048),
        (SOBOL, 65_537, 32, 4096),
        (SOBOL, 100, 7, 16),
        (PHILOX, 33, 32, 2),
        (PHILOX, 1000, 32, 32),
    ],
)
def test_draws_are_rounded_up_to_whole_replicates(scheme, asked, n_replicates, n_per_replicate):
    design = plan(asked, scheme=scheme, n_replicates=n_replicates)
    assert design == Design(scheme, 0, n_replicates, n_per_replicate)
    assert design.n_draws == n_replicates * n_per_replicate >= asked


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_few_draws_are_rounded_up_to_one_a_replicate(scheme):
    assert plan(1, scheme=scheme).n_draws == 32
    assert plan(33, scheme=scheme).n_draws == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"n_draws": 0},
            "n_draws = 0 is out of range: there must be draws. Give a whole number, at least 1.",
        ),
        ({"n_draws": -5}, "n_draws = -5 is out of range"),
        ({"n_draws": True}, "n_draws = True is out of range"),
        ({"n_draws": 1e6}, "n_draws = 1000000.0 is not a whole number"),
        ({"n_draws": math.nan}, "n_draws = nan is not a whole number"),
        ({"n_draws": "many"}, "n_draws = many is not a whole number"),
        ({"n_draws": 2**37 + 1}, "n_draws = 137438953473 is above 137438953472"),
        (
            {"n_draws": 64, "seed": -1},
            "seed = -1 is out of range: the generator takes 64 bits. Give a whole number, from 0",
        ),
        ({"n_draws": 64, "seed": 2**64}, "seed = 18446744073709551616 is out of range"),
        ({"n_draws": 64, "seed": 1.5}, "seed = 1.5 is not a whole number"),
        ({"n_draws": 64, "n_replicates": 1}, "n_replicates = 1 is out of range: the standard error is their spread"),
        ({"n_draws": 64, "scheme": "sobel"}, "scheme = sobel is not a sampling scheme. Did you mean 'sobol'?"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_option_reason_and_remedy(arguments, message):
    with pytest.raises(InputError) as error:
        plan(**arguments)
    assert str(error.value).startswith(message)


def test_numpy_integers_are_whole_numbers():
    assert plan(np.int64(64), seed=np.uint64(2**64 - 1)) == Design(SOBOL, 2**64 - 1, 32, 2)


@pytest.mark.parametrize(
    ("dimension", "start", "stop"), [(-1, 0, 1), (N_DIMENSIONS_HIGH, 0, 1), (0, -1, 1), (0, 2, 1), (0, 0, 65)]
)
def test_an_address_outside_the_design_is_refused(dimension, start, stop):
    with pytest.raises(InputError):
        points(plan(64), dimension, start, stop)


# --- Addresses ---


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_split_into_batches_gives_the_same_bits(scheme):
    design = plan(300, scheme=scheme, seed=5, n_replicates=3)
    for dimension in (0, 7, N_DIMENSIONS_HIGH - 1):
        whole = points(design, dimension, 0, design.n_draws)
        for cuts in ([0, 1, 2, 99, 100, 101, 128, 255, 300], range(0, 301, 50), [0, 299, 300]):
            parts = [points(design, dimension, a, b) for a, b in zip(cuts, list(cuts)[1:], strict=False)]
            np.testing.assert_array_equal(np.concatenate(parts), whole[:300])
    assert points(design, 0, 10, 10).shape == (0,)


@pytest.mark.parametrize("scheme", [SOBOL, PHILOX])
def test_more_draws_keep_the_first_of_each_replicate(scheme):
    small, large = plan(64, scheme=scheme, n_replicates=4), plan(256, scheme=scheme, n_replicates=4)
    np.testing.assert_array_equal(cube(small, 3), cube(large, 3)[:, :16])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_part_of_the_address_matters(scheme):
    def first(seed=3, n_replicates=4, dimension=2):
        return cube(plan(64, scheme=scheme, seed=seed, n_replicates=n_replicates), dimension + 1)[..., dimension]

    base = first()
    assert len(np.unique(base)) == base.size
    for other in (first(seed=4), first(seed=3 + 2**32), first(seed=3 + 2**63), first(dimension=3)):
        assert not np.isin(other, base).any()


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (SOBOL, [0.00356787168915218, 0.8868427719766666, 0.29913942177592034, 0.8210537873659108]),
        (PHILOX, [0.3990464708489646, 0.9722412015223157, 0.17893146841678098, 0.9114282064411309]),
    ],
)
def test_seed_0_gives_the_same_numbers_on_every_machine(scheme, expected):
    np.testing.assert_array_equal(points(plan(64, scheme=scheme), 0, 0, 4), expected)


# --- Sobol' points ---


def test_direction_numbers_are_those_of_joe_and_kuo_as_in_scipy():
    m = size(10, 6)
    theirs = qmc.Sobol(N_DIMENSIONS_HIGH, scramble=False, bits=32).random_base2(m)
    for dimension in range(N_DIMENSIONS_HIGH):
        ours = [sampling.sobol_bits(np.uint64(i), DIRECTIONS[dimension]) / 2**32 for i in range(2**m)]
        gray = [i ^ (i >> 1) for i in range(2**m)]  # SciPy's order
        np.testing.assert_array_equal(np.array(ours)[gray], theirs[:, dimension])


def test_there_are_direction_numbers_for_every_quantity_and_every_index_bit():
    assert DIRECTIONS.shape == (N_DIMENSIONS_HIGH, 32)
    assert max(32, N_DIMENSIONS) <= N_DIMENSIONS_HIGH
    theirs = qmc.Sobol(N_DIMENSIONS_HIGH, scramble=False, bits=32)
    for bit in (11, 20, 25):
        gray = (1 << bit) ^ (1 << (bit - 1))  # SciPy's point number 2^bit
        theirs.reset().fast_forward(1 << bit)
        ours = [(DIRECTIONS[d, bit] ^ DIRECTIONS[d, bit - 1]) / 2**32 for d in range(N_DIMENSIONS_HIGH)]
        assert gray.bit_count() == 2
        np.testing.assert_array_equal(ours, theirs.random(1)[0])


@pytest.mark.parametrize("m", [0, 1, 5, size(12, 7)])
def test_each_replicate_hits_every_cell_once_in_every_dimension(m):
    design = plan(3 * 2**m, seed=11, n_replicates=3)
    cells = np.sort(np.floor(cube(design, N_DIMENSIONS_HIGH) * 2**m), axis=1)
    expected = np.broadcast_to(np.arange(2**m)[None, :, None], cells.shape)
    np.testing.assert_array_equal(cells, expected)


def test_the_scramble_keeps_the_net_in_the_first_two_dimensions():
    m = size(10, 6)
    for replicate in cube(plan(4 * 2**m, seed=2, n_replicates=4), 2):
        for k in range(m + 1):
            cell = np.floor(replicate[:, 0] * 2**k) * 2 ** (m - k) + np.floor(replicate[:, 1] * 2 ** (m - k))
            assert len(np.unique(cell)) == 2**m, f"cells of 2^-{k} by 2^-{m - k}"


def test_the_scramble_is_nested_and_its_flips_are_fair_and_independent():
    # The flip of a digit may depend on the digits above it only, and must be an independent coin for each prefix.
    depth, n_keys = size(9, 8), size(400, 60)
    bits = np.arange(2**depth, dtype=np.uint64) << np.uint64(32 - depth)
    flips = np.empty((n_keys, 2**depth), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for key in range(n_keys):
            for i, x in enumerate(bits):
                flips[key, i] = int(sampling.owen_scramble(x, np.uint64(key))) >> (52 - depth)
    flips ^= np.arange(2**depth, dtype=np.uint64)
    coins = []
    for level in range(depth):
        flip = ((flips >> np.uint64(depth - 1 - level)) & np.uint64(1)).reshape(n_keys, 2**level, -1)
        assert (flip == flip[:, :, :1]).all(), "a flip depends on a digit below it"
        coins.append(flip[:, :, 0].astype(float))
    coins = 2.0 * np.concatenate(coins, axis=1) - 1.0  # one column a node of the tree
    z = coins.sum(axis=0) / math.sqrt(n_keys)
    assert abs(np.mean(z**2) - 1.0) < 5.0 * math.sqrt(2.0 / z.size)
    assert np.abs(z).max() < 5.0
    corr = coins.T @ coins / math.sqrt(n_keys)
    corr = corr[np.triu_indices_from(corr, 1)]
    assert abs(np.mean(corr**2) - 1.0) < 0.05 * size(1, 3)
    assert np.abs(corr).max() < 6.0


def test_digits_below_the_tree_are_random_and_points_stay_distinct():
    with np.errstate(over="ignore"):
        ours = [int(sampling.owen_scramble(np.uint64(i), np.uint64(9))) for i in range(256)]
    assert len({x >> 28 for x in ours}) == 1, "one cell of depth 24"
    assert sorted((x >> 20) & 0xFF for x in ours) == list(range(256)), "its 256 points, each once"
    design = plan(size(2**16, 2**10), n_replicates=2)
    tail = np.floor(points(design, 1, 0, design.n_draws) * 2.0**52) % 2**28 / 2**28
    assert stats.kstest(tail, "uniform").pvalue > 1e-4


# --- Philox ---


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_known_answers_of_random123(counter, key, expected):
    words = [np.uint64(int(word, 16)) for word in f"{counter} {key}".split()]
    assert " ".join(f"{int(word):08x}" for word in sampling.philox4x32(*words)) == expected


# --- Marginals, independence ---


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marginals_are_uniform_over_seeds(scheme):
    # The same draw under many seeds: stratification within a replicate cannot hide a bias here.
    n_seeds = size(4000, 300)
    for dimension, index in ((0, 0), (5, 3), (21, 7)):
        u = [points(Design(scheme, seed, 1, 8), dimension, index, index + 1)[0] for seed in range(n_seeds)]
        assert stats.kstest(u, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_numbers_are_never_0_or_1_and_lie_half_a_cell_off_the_grid(scheme):
    design = plan(size(2**18, 2**9), scheme=scheme, seed=123)
    u = points(design, 4, 0, design.n_draws)
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert len(np.unique(u)) == u.size


def test_the_extreme_cells_are_inside_the_unit_interval():
    assert 0.0 < sampling._centre(np.uint64(0)) == 2.0**-53
    assert sampling._centre(np.uint64(2**52 - 1)) == 1.0 - 2.0**-53


@pytest.mark.parametrize("scheme", SCHEMES)
def test_replicates_and_dimensions_are_independent(scheme):
    # Means of replicates over R replicates: between dimensions, between neighbouring replicates, between seeds.
    n_dimensions, n_replicates = 8, size(2000, 250)
    here = cube(Design(scheme, 77, n_replicates, 4), n_dimensions)
    there = cube(Design(scheme, 78, n_replicates, 4), n_dimensions)
    limit = 4.5 / math.sqrt(n_replicates)
    first, neighbour, other = here[:, 0], here[1:, 0], there[:, 0]
    between = np.corrcoef(first.T)[np.triu_indices(n_dimensions, 1)]
    assert np.abs(between).max() < limit
    for x, y in ((first[:-1], neighbour), (first, other), (first[:, :-1], other[:, 1:])):
        assert max(abs(np.corrcoef(x[:, d], y[:, d])[0, 1]) for d in range(y.shape[1])) < limit
    means = here.mean(axis=1)
    assert np.abs(np.corrcoef(means.T)[np.triu_indices(n_dimensions, 1)]).max() < limit


# --- Accuracy ---


def smooth(u):
    return np.prod(1.0 + 0.5 * (u - 0.5), axis=-1)


def hit(u):
    """A 0/1 toy with a curved edge: the product of six uniforms is below its median, -ln ~ gamma(6)."""
    return -np.log(u).sum(axis=-1) > stats.gamma(6).ppf(0.8)


def errors(scheme, outcome, truth, n_draws, n_seeds):
    """Estimate less truth for each seed, and the standard error each run claims from its replicates."""
    means = np.array(
        [outcome(cube(plan(n_draws, scheme=scheme, seed=seed), 6)).mean(axis=1) for seed in range(n_seeds)]
    )
    return means.mean(axis=1) - truth, means.std(axis=1, ddof=1) / math.sqrt(means.shape[1])


@pytest.mark.parametrize(("outcome", "truth", "gain"), [(smooth, 1.0, size(20.0, 3.0)), (hit, 0.2, size(3.0, 1.4))])
def test_error_is_clearly_below_plain_monte_carlo(outcome, truth, gain):
    n_draws, n_seeds = size(2**16, 2**9), size(24, 8)
    sample = np.random.default_rng(0).random((100_000, 6))
    plain = np.std(outcome(sample)) / math.sqrt(n_draws)
    error, _ = errors(SOBOL, outcome, truth, n_draws, n_seeds)
    rmse = math.sqrt(np.mean(error**2))
    assert rmse < plain / gain, f"{rmse:.2g} against {plain:.2g}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("outcome", "truth"), [(smooth, 1.0), (hit, 0.2)])
def test_the_replicate_standard_error_covers_the_truth_at_its_nominal_rate(scheme, outcome, truth):
    n_seeds = size(300, 20)
    error, se = errors(scheme, outcome, truth, size(2**11, 2**6), n_seeds)
    covered = np.sum(np.abs(error) < stats.t(31).ppf(0.95) * se)
    assert stats.binomtest(int(covered), n_seeds, 0.9).pvalue > 1e-3, f"{covered} of {n_seeds}"
    assert np.abs(error.mean()) < 4.0 * error.std(ddof=1) / math.sqrt(n_seeds), "biased"
