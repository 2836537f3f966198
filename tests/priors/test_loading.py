"""Prior files: what they inherit, how restatements and pools are drawn, what the digest sees."""

import json
import math

import numpy as np
import pytest

import mc_sie.priors as priors
from mc_sie.distributions import families
from mc_sie.errors import InputError
from mc_sie.priors import load_prior, new_prior_text, prior_from_dict, shipped_priors
from mc_sie.quantities import MODEL_QUANTITIES, MODES, PAIRED, QUANTITIES

N = 2**14
UNITS = {name: quantity.unit for name, quantity in QUANTITIES.items()}


def entry(name, body, **more):
    more = {"source": "a source", **({} if name == "mode" else {"unit": UNITS[name]}), **more}
    return f"[{name}]\n{body}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())


RHO = entry("rho", 'family = "uniform"\nlow = -0.4\nhigh = -0.1')
R = entry("r", 'family = "loguniform"\nlow = 0.4\nhigh = 3.6')
HEAD = 'title = "A title"\nbottlenecks = "counted once"\n'


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Writes files and loads the first."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text, **others):
        for name, other in others.items():
            (tmp_path / f"{name}.toml").write_text(other)
        (tmp_path / "mine.toml").write_text(text)
        return load_prior("mine.toml")

    return write_and_load


def points(prior, n=N, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.random(n) for name in ("prior_set", *MODEL_QUANTITIES)}


def test_a_set_shows_itself_in_one_line_and_in_a_notebook_whole():
    prior, pooled = priors.load_prior("davidson-2025"), priors.load_prior("agnostic")
    assert repr(prior).startswith("<PriorSet davidson-2025: Davidson (2025): the author's bottom line; 12 quantities")
    assert "a pool of " in repr(pooled)
    shown = prior._repr_html_()
    assert shown.count("<tr>") == 1 + len(prior.entries)
    assert "loguniform from 0.4 to 3.6" in shown
    assert "-0.2 &lt; rho &lt; 0" in shown
    assert "epoch-2025" in pooled._repr_html_()


@pytest.mark.parametrize(
    ("changes", "message"), [({"roh": None}, "roh is no quantity. Did you mean 'rho'?"), ({"rho": 0.1}, "is no entry.")]
)
def test_what_is_no_entry_replaces_none(changes, message):
    with pytest.raises(InputError) as error:
        priors.load_prior("davidson-2025").replaced(changes)
    assert message in str(error.value)


def test_public_names():
    classes = ["Correlation", "Dependence", "Distribution", "Entry", "PriorSet"]
    functions = ["entry", "fixed_entry", "json_schema", "load_prior", "new_prior_text", "pool", "prior_from_dict"]
    assert sorted(priors.__all__) == [*classes, *functions, "shipped_priors"]


def test_a_small_file_is_read_and_completed_with_marked_defaults(load, tmp_path):
    prior = load(HEAD + 'description = """\nWhy."""\ncitations = ["A (2025)"]\n' + RHO + R)
    assert (prior.name, prior.title, prior.description) == ("mine", "A title", "Why.")
    assert (prior.citations, prior.bottlenecks, prior.warnings) == (("A (2025)",), "counted once", ())
    assert prior.path.resolve() == tmp_path / "mine.toml"
    assert prior.dimensions == ("rho", "r")
    assert list(prior.entries) == [name for name in QUANTITIES if name in prior.entries]
    rho, floor = prior.entries["rho"], prior.entries["training_floor_months"]
    assert (rho.family, rho.parameters, rho.unit, rho.source) == (
        "uniform",
        {"low": -0.4, "high": -0.1},
        "1",
        "a source",
    )
    assert (rho.origin, rho.is_default, rho.judgement) == ("mine.toml", False, None)
    assert (floor.origin, floor.is_default, floor.parameters) == ("default", True, {"value": 0.1})
    assert floor.judgement is not None
    assert prior.entries["lam"].judgement is None
    for name, quantity in QUANTITIES.items():
        assert (name in prior.entries) == (name in ("rho", "r") or quantity.default is not None)


def test_values_have_every_quantity_in_its_type(load):
    prior = load(HEAD + RHO + R + entry("mode", "family = 'categorical'\nvalues = { continual = 0.75, none = 0.25 }"))
    u = points(prior)
    values = prior.values(u)
    assert tuple(values) == MODEL_QUANTITIES
    assert {array.shape for array in values.values()} == {(N,)}
    assert values["mode"].dtype == np.int8
    assert all(array.dtype == np.float64 for name, array in values.items() if name != "mode")
    np.testing.assert_allclose(values["rho"], -0.4 + 0.3 * u["rho"])
    np.testing.assert_allclose(values["r"], 0.4 * 9.0 ** u["r"])
    np.testing.assert_array_equal(values["mode"], np.where(u["mode"] <= 0.25, 0, MODES.index("continual")))
    assert np.all(values["limit_ooms"] == math.inf)
    assert np.all(np.isnan(values["rho_long"]))
    assert np.all(values["labour_multiplier"] == 900.0)


def test_modes_are_cut_in_the_fixed_order_whatever_the_file_says(load):
    values = "{ from_scratch = 0.2, continual = 0.3, shortening = 0.4, none = 0.1 }"
    prior = load(HEAD + RHO + R + entry("mode", f"family = 'categorical'\nvalues = {values}"))
    u = {name: np.array([0.05, 0.3, 0.6, 0.9]) for name in prior.dimensions}
    assert [MODES[code] for code in prior.values(u)["mode"]] == ["none", "shortening", "continual", "from_scratch"]
    assert prior.entries["mode"].distribution.describe() == (
        "10 % none, 40 % shortening, 30 % continual, 20 % from_scratch"
    )


def test_a_fixed_mode_is_not_random(load):
    prior = load(HEAD + RHO + R + entry("mode", 'family = "fixed"\nvalue = "continual"'))
    assert "mode" not in prior.dimensions
    assert np.all(prior.values(points(prior))["mode"] == MODES.index("continual"))
    assert prior.entries["mode"].distribution.describe() == "continual"


def test_a_set_without_uncertainty_needs_no_points(load):
    prior = load(HEAD + entry("rho", 'family = "fixed"\nvalue = 0') + entry("r", 'family = "fixed"\nvalue = 2'))
    assert prior.dimensions == ()
    assert {name: array.shape for name, array in prior.values({}).items()} == dict.fromkeys(MODEL_QUANTITIES, (1,))
    assert prior.values({"rho": np.full(7, 0.5)})["r"].tolist() == [2.0] * 7
    assert prior.quantiles("rho", [0.1, 0.9]).tolist() == [0.0, 0.0]


# ------------------------------------------------------------------------------------------------ restatements


def test_sigma_shares_the_dimension_of_rho(load):
    prior = load(HEAD + entry("sigma", 'family = "uniform"\nlow = 0.5\nhigh = 2') + R)
    assert prior.dimensions == ("rho", "r")
    assert "rho" not in prior.entries
    u = points(prior)
    values = prior.values(u)
    np.testing.assert_allclose(values["sigma"], 0.5 + 1.5 * u["rho"])
    np.testing.assert_allclose(values["rho"], 1.0 - 1.0 / values["sigma"])
    exact = 1.0 - 1.0 / (0.5 + 1.5 * np.array([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(prior.quantiles("rho", [0.05, 0.5, 0.95]), exact, atol=1e-3)
    assert prior.mean("rho") == pytest.approx(1.0 - math.log(4.0) / 1.5, abs=1e-4)
    assert prior.quantiles("sigma", [0.5]) == pytest.approx(1.25, rel=1e-14)
    assert prior.mean("sigma") == pytest.approx(1.25, rel=1e-14)


def test_max_speed_gives_rho_by_the_alpha_of_the_same_draw(load):
    alpha = entry("alpha_compute", 'family = "uniform"\nlow = 0.2\nhigh = 0.8')
    prior = load(HEAD + entry("max_speed", 'family = "loguniform"\nlow = 10\nhigh = 100') + alpha + R)
    assert prior.dimensions == ("rho", "r", "alpha_compute")
    values = prior.values(points(prior))
    np.testing.assert_allclose(values["alpha_compute"] ** (1.0 / values["rho"]), values["max_speed"], rtol=1e-10)
    # E ln(alpha) E 1/ln(max_speed), both uniform underneath.
    mean_log_alpha = (0.8 * math.log(0.8) - 0.8 - 0.2 * math.log(0.2) + 0.2) / 0.6
    exact = mean_log_alpha * math.log(2.0) / math.log(10.0)
    assert prior.mean("rho") == pytest.approx(exact, abs=1e-3)


def test_no_limit_on_speed_means_cobb_douglas(load):
    prior = load(HEAD + entry("max_speed", 'family = "fixed"\nvalue = inf') + R)
    rho = prior.values(points(prior))["rho"]
    assert np.all(rho == 0.0)
    assert not np.signbit(rho).any()


def test_r_total_is_deflated_by_the_shares_of_the_same_draw(load):
    more = entry("alpha_compute", 'family = "uniform"\nlow = 0.2\nhigh = 0.8')
    more += entry("labour_per_efficiency", 'family = "uniform"\nlow = 1.7\nhigh = 2.5')
    prior = load(HEAD + RHO + entry("r_total", 'family = "uniform"\nlow = 0.5\nhigh = 3') + more)
    values = prior.values(points(prior))
    expected = (1.0 - values["alpha_compute"]) * values["labour_per_efficiency"] * values["r_total"]
    np.testing.assert_allclose(values["r"], expected)
    assert prior.mean("r") == pytest.approx(0.5 * 2.1 * 1.75, abs=2e-3)
    assert tuple(values) == (*MODEL_QUANTITIES, "r_total")


def test_asking_for_what_is_not_given_is_an_error(load):
    prior = load(HEAD + RHO + R)
    with pytest.raises(InputError, match="speedup_initial is not given by mine"):
        prior.mean("speedup_initial")
    with pytest.raises(InputError, match=r"rhoo is not given by mine. Did you mean 'rho'\?"):
        prior.quantiles("rhoo", [0.5])


def test_values_stay_inside_excluded_bounds(load):
    prior = load(HEAD + RHO + R + entry("alpha_compute", 'family = "beta"\na = 5\nb = 0.2'))
    u = {name: np.array([1e-16, 0.5, 1.0 - 1.2e-16]) for name in prior.dimensions}
    alpha = prior.values(u)["alpha_compute"]
    assert alpha[-1] == np.nextafter(1.0, 0.0)


# ------------------------------------------------------------------------------------------------- inheritance


def test_a_child_replaces_whole_entries_and_inherits_the_rest(load):
    base = (
        HEAD.replace("A title", "Base")
        + 'citations = ["B"]\n'
        + RHO
        + R
        + entry("lam", 'family = "beta"\na = 2\nb = 3')
    )
    child = 'title = "Child"\ncitations = ["C"]\nextends = "base.toml"\n'
    child += entry("lam", 'family = "fixed"\nvalue = 0.6', source="mine", judgement="ours: a guess")
    prior = load(child, base=base)
    lam = prior.entries["lam"]
    assert (lam.family, lam.parameters, lam.source, lam.origin) == ("fixed", {"value": 0.6}, "mine", "mine.toml")
    assert lam.judgement == "ours: a guess"
    assert prior.entries["rho"].origin == "base.toml"
    assert (prior.title, prior.citations, prior.bottlenecks) == ("Child", ("C", "B"), "counted once")


@pytest.mark.parametrize(
    ("inherited", "stated"),
    [
        ("rho", "sigma"),
        ("sigma", "rho"),
        ("rho", "max_speed"),
        ("max_speed", "sigma"),
        ("r", "r_total"),
        ("r_total", "r"),
    ],
)
def test_another_way_to_state_a_quantity_replaces_the_inherited_one(load, inherited, stated):
    value = {"rho": -0.5, "sigma": 0.7, "max_speed": 30, "r": 1.2, "r_total": 1.3}
    rest = R if QUANTITIES[inherited].determines == "rho" or inherited == "rho" else RHO
    base = HEAD + rest + entry(inherited, f'family = "fixed"\nvalue = {value[inherited]}')
    prior = load(
        f'{HEAD}extends = "base.toml"\n' + entry(stated, f'family = "fixed"\nvalue = {value[stated]}'), base=base
    )
    assert stated in prior.entries
    assert inherited not in prior.entries


def test_absent_takes_an_inherited_optional_quantity_away(load):
    pair = entry("rho_long", 'family = "fixed"\nvalue = 0')
    pair += entry("reconfiguration_half_life_months", 'family = "fixed"\nvalue = 24')
    away = "".join(f'[{name}]\nfamily = "absent"\nsource = "s"\n' for name in PAIRED[0])
    base = HEAD + RHO + R + pair
    prior = load(f'{HEAD}extends = "base.toml"\n{away}', base=base)
    assert "rho_long" not in prior.entries
    assert np.all(np.isnan(prior.values(points(prior))["reconfiguration_half_life_months"]))


def test_a_base_may_be_incomplete_and_lie_elsewhere(load, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "base.toml").write_text('title = "Half"\nextends = "../root.toml"\n' + R)
    prior = load(f'{HEAD}extends = "sub/base.toml"\n', root='title = "Other half"\n' + RHO)
    assert prior.entries["rho"].origin == "root.toml"
    assert prior.entries["r"].origin == "sub/base.toml"


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(load, tmp_path):
    load(HEAD + RHO + R)
    (tmp_path / "windows.toml").write_bytes(b"\xef\xbb\xbf" + (HEAD + RHO + R).replace("\n", "\r\n").encode())
    assert load_prior(tmp_path / "windows.toml").title == "A title"


# ------------------------------------------------------------------------------------------------------- pools


POOL = HEAD + '[pool]\nmembers = { "one.toml" = 0.25, "two.toml" = 0.75 }\nsource = "s"\n'
ONE = HEAD + RHO + R + entry("speedup_initial", 'family = "loguniform"\nlow = 2\nhigh = 32')
TWO = (
    HEAD
    + entry("sigma", 'family = "uniform"\nlow = 0.5\nhigh = 0.9')
    + R
    + entry("mode", "family = 'categorical'\nvalues = { continual = 0.5, from_scratch = 0.5 }")
)


def test_a_pool_draws_whole_sets_at_the_same_points(load):
    pool = load(POOL, one=ONE, two=TWO)
    one, two = load_prior("one.toml"), load_prior("two.toml")
    assert [(member.name, weight) for member, weight in pool.members] == [("one", 0.25), ("two", 0.75)]
    assert pool.entries == {}
    assert pool.dimensions == ("rho", "r", "mode", "speedup_initial", "prior_set")
    u = points(pool)
    values = pool.values(u)
    assert tuple(values) == (*MODEL_QUANTITIES, "sigma", "prior_set")
    assert values["prior_set"].dtype == np.int16
    assert values["mode"].dtype == np.int8
    np.testing.assert_array_equal(values["prior_set"], u["prior_set"] > 0.25)
    for index, member in enumerate((one, two)):
        rows = values["prior_set"] == index
        alone = member.values(u)
        for name in MODEL_QUANTITIES:
            np.testing.assert_array_equal(values[name][rows], alone[name][rows])
    assert np.all(np.isnan(values["sigma"][values["prior_set"] == 0]))


def test_a_pool_implies_the_mixture_of_its_members(load):
    pool = load(POOL, one=ONE, two=TWO)
    one, two = load_prior("one.toml"), load_prior("two.toml")
    assert pool.mean("rho") == pytest.approx(0.25 * one.mean("rho") + 0.75 * two.mean("rho"), abs=2e-4)
    probs = np.array([0.05, 0.5, 0.95])
    q = pool.quantiles("rho", probs)
    below = 0.25 * np.clip((q + 0.4) / 0.3, 0, 1) + 0.75 * np.clip((1.0 / (1.0 - q) - 0.5) / 0.4, 0, 1)
    np.testing.assert_allclose(below, probs, atol=1e-3)
    assert pool.mean("speedup_initial") == pytest.approx(one.mean("speedup_initial"), rel=1e-2)


def test_pools_and_warnings_of_members_are_reported_once(load):
    doubtful = ONE.replace('bottlenecks = "counted once"\n', "")
    pool = load(POOL, one=doubtful, two=TWO)
    assert len(pool.warnings) == 1
    assert pool.warnings[0].startswith("one.toml: rho below 0")


# ---------------------------------------------------------------------------------------------------- warnings


def test_a_bottleneck_that_may_be_counted_twice_is_warned_about(load):
    bare = 'title = "t"\n'
    (warning,) = load(bare + RHO + R).warnings
    assert warning == (
        "mine.toml: rho below 0, alpha_compute above 0 and r stated directly may count one bottleneck twice: say how "
        'they fit together in bottlenecks = "...", or state [r_total].'
    )
    for rho in ("sigma", "max_speed"):
        value = {"sigma": 0.8, "max_speed": 30}[rho]
        assert len(load(bare + entry(rho, f'family = "fixed"\nvalue = {value}') + R).warnings) == 1
    assert load(HEAD + RHO + R).warnings == ()
    assert load(f'{bare}extends = "base.toml"\n', base=HEAD + RHO + R).warnings == ()
    own = entry("r", 'family = "fixed"\nvalue = 1')  # of which the inherited statement does not speak
    assert len(load(f'{bare}extends = "base.toml"\n{own}', base=HEAD + RHO + R).warnings) == 1
    assert load(bare + RHO + entry("r_total", 'family = "fixed"\nvalue = 1')).warnings == ()
    assert load(bare + entry("rho", 'family = "fixed"\nvalue = 0') + R).warnings == ()
    assert load(bare + entry("sigma", 'family = "fixed"\nvalue = 1') + R).warnings == ()


def test_bottlenecks_without_weight_on_experiments_are_warned_about(load):
    zero = entry("alpha_compute", 'family = "fixed"\nvalue = 0')
    (warning,) = load(HEAD + RHO + R + zero).warnings
    assert warning.startswith("mine.toml: [alpha_compute] can be 0 where rho is below 0")
    part = 'family = "mixture"\ncomponents = [{ weight = 0.1, family = "fixed", value = 0 },'
    part += ' { weight = 0.9, family = "uniform", low = 0.3, high = 0.6 }]'
    assert len(load(HEAD + RHO + R + entry("alpha_compute", part)).warnings) == 1
    assert load(HEAD + entry("rho", 'family = "fixed"\nvalue = 0') + R + zero).warnings == ()
    assert load(HEAD + RHO + R + entry("alpha_compute", 'family = "uniform"\nlow = 0\nhigh = 0.5')).warnings == ()


# ----------------------------------------------------------------------------------------- digest and dictionary


def test_the_digest_sees_numbers_and_not_prose(load):
    first = load(HEAD + RHO + R)
    assert len(first.digest) == 64
    prose = HEAD.replace("A title", "Another") + 'description = "d"\ncitations = ["c"]\n'
    again = prose + R.replace("a source", "b") + RHO.replace("a source", "c") + '\njudgement = "ours"\n'
    assert load(again).digest == first.digest
    assert load(HEAD + RHO.replace("-0.4", "-4e-1") + R).digest == first.digest
    stated_default = entry("lam", 'family = "fixed"\nvalue = 1')
    assert load(HEAD + RHO + R + stated_default).digest == first.digest
    assert load(f'{HEAD}extends = "base.toml"\n', base=HEAD + RHO + R).digest == first.digest
    different = [
        HEAD + RHO.replace("-0.4", "-0.41") + R,
        HEAD + RHO + R.replace("loguniform", "uniform"),
        HEAD + RHO.replace("high = -0.1", "high = -0.1\ntruncate_high = -0.2") + R,
        HEAD + RHO + R + entry("mode", 'family = "fixed"\nvalue = "continual"'),
    ]
    digests = {load(text).digest for text in different}
    assert len(digests) == len(different)
    assert first.digest not in digests


def test_the_digest_of_a_pool_sees_members_and_weights(load):
    first = load(POOL, one=ONE, two=TWO).digest
    assert load(POOL.replace('"s"', '"another"'), one=ONE.replace("A title", "B"), two=TWO).digest == first
    assert load(POOL.replace("0.25", "0.26").replace("0.75", "0.74"), one=ONE, two=TWO).digest != first
    assert load(POOL, one=ONE.replace("-0.4", "-0.5"), two=TWO).digest != first


def test_the_dictionary_is_plain_json_with_sources(load):
    prior = load(HEAD + RHO + R)
    found = json.loads(json.dumps(prior.to_dict(), allow_nan=False))
    assert found["digest"] == prior.digest
    assert found["entries"]["rho"] == {
        "family": "uniform",
        "parameters": {"low": -0.4, "high": -0.1},
        "unit": "1",
        "source": "a source",
        "judgement": None,
        "origin": "mine.toml",
        "words": "uniform from -0.4 to -0.1",
    }
    assert found["entries"]["limit_ooms"]["parameters"] == {"value": "inf"}
    pool = json.loads(json.dumps(load(POOL, one=ONE, two=TWO).to_dict(), allow_nan=False))
    assert [member["weight"] for member in pool["members"]] == [0.25, 0.75]
    assert "speedup_initial" in pool["members"][0]["prior"]["entries"]


# ----------------------------------------------------------------------------------------------------- families


FAMILIES = {
    "fixed": ("value = 0.5", families.fixed(0.5)),
    "uniform": ("low = 0.2\nhigh = 0.9", families.uniform(0.2, 0.9)),
    "loguniform": ("low = 0.2\nhigh = 0.9", families.loguniform(0.2, 0.9)),
    "normal": ("mean = 0.5\nsd = 0.02", families.normal(0.5, 0.02)),
    "lognormal": ("median = 0.5\nsd_log = 0.02", families.lognormal(0.5, 0.02)),
    "beta": ("a = 2\nb = 3", families.beta(2.0, 3.0)),
    "triangular": ("low = 0.2\npeak = 0.3\nhigh = 0.9", families.triangular(0.2, 0.3, 0.9)),
    "pert": ("low = 0.2\npeak = 0.3\nhigh = 0.9", families.pert(0.2, 0.3, 0.9)),
    "student_t": (
        "location = 0.5\nscale = 0.1\ndf = 3\ntruncate_low = 0.1\ntruncate_high = 0.9",
        families.truncated(families.student_t(0.5, 0.1, 3.0), 0.1, 0.9),
    ),
    "quantiles": (
        'quantiles = { q05 = 0.45, q95 = 0.55 }\nfit = "normal"',
        families.normal(0.5, 0.05 / 1.6448536269514722),
    ),
    "mixture": (
        'components = [{ weight = 0.2, family = "fixed", value = 0.5 }, '
        '{ weight = 0.8, family = "normal", mean = 0.5, sd = 0.1, truncate_low = 0.4 }]\ntruncate_high = 0.6',
        families.truncated(
            families.mixture(
                [(0.2, families.fixed(0.5)), (0.8, families.truncated(families.normal(0.5, 0.1), 0.4, None))]
            ),
            None,
            0.6,
        ),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_be_written_and_drawn(load, family):
    body, law = FAMILIES[family]
    prior = load(HEAD + RHO + R + entry("alpha_compute", f'family = "{family}"\n{body}'))
    u = points(prior)
    values = prior.values(u)["alpha_compute"]
    np.testing.assert_allclose(values, law.ppf(u["alpha_compute"]), rtol=1e-12)
    assert prior.mean("alpha_compute") == pytest.approx(law.mean(), rel=1e-9)
    np.testing.assert_allclose(prior.quantiles("alpha_compute", [0.05, 0.95]), law.ppf([0.05, 0.95]), rtol=1e-12)
    assert prior.entries["alpha_compute"].family == family


def test_fitted_quantiles_say_how_far_they_miss(load):
    body = 'family = "quantiles"\nquantiles = { q10 = 0.30, q50 = 0.505, q90 = 0.70 }\nfit = "beta"'
    words = load(HEAD + RHO + R + entry("alpha_compute", body)).entries["alpha_compute"].distribution.describe()
    assert words.startswith("beta through q10 = 0.3, q50 = 0.505, q90 = 0.7: misses by at most ")
    exact = body.replace("q50 = 0.505, ", "")
    words = load(HEAD + RHO + R + entry("alpha_compute", exact)).entries["alpha_compute"].distribution.describe()
    assert words == "beta with q10 = 0.3, q90 = 0.7"


# ------------------------------------------------------------------------------------------- shipped, template


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_shipped_sets_load_without_warnings_and_stay_in_their_domains(name):
    prior = load_prior(name)
    assert prior.warnings == ()
    assert prior.description
    assert prior.citations
    assert prior.bottlenecks
    values = prior.values(points(prior))
    for quantity, array in values.items():
        if quantity != "prior_set":
            inside = [QUANTITIES[quantity].contains(float(value)) for value in array if not np.isnan(value)]
            assert all(inside), quantity


def test_a_name_and_a_path_load_the_same():
    path = shipped_priors()["davidson-2025"]
    assert load_prior(path) == load_prior("davidson-2025")
    assert load_prior(str(path)).digest == load_prior("davidson-2025").digest


def test_the_template_loads_and_names_every_quantity(load):
    text = new_prior_text()
    prior = load(text)
    assert prior.entries["rho"].origin == "mine.toml"
    assert prior.warnings == ()
    for name in QUANTITIES:
        assert f"[{name}]" in text
    load(HEAD + RHO + R)
    assert load(new_prior_text("base.toml"), base=HEAD + RHO + R).entries["r"].origin == "base.toml"


# --- Sets made from other sets ---


@pytest.mark.parametrize("name", shipped_priors())
def test_a_record_gives_the_set_back(name):
    prior = load_prior(name)
    record = json.loads(json.dumps(prior.to_dict()))
    found = prior_from_dict(record, "run.json")
    assert found.to_dict() == prior.to_dict()


def test_a_record_that_is_none_is_refused():
    record = load_prior("epoch-2025").to_dict()
    with pytest.raises(InputError, match=r"run\.json describes a prior set of digest"):
        prior_from_dict(record | {"digest": "abc"}, "run.json")
    with pytest.raises(InputError, match=r"run\.json describes no prior set \(KeyError: 'entries'\)"):
        prior_from_dict({key: value for key, value in record.items() if key != "entries"}, "run.json")
    record["entries"]["sigma"]["parameters"]["value"] = -1.0
    with pytest.raises(InputError, match=r"run\.json: \[sigma\] value = -1\.0 is below 0"):
        prior_from_dict(record, "run.json")


def test_a_pinned_quantity_takes_the_place_of_what_determined_it():
    base = load_prior("economists")
    pinned = base.pinned("rho", -0.2, "mine")
    assert pinned.name == "mine"
    assert "sigma" not in pinned.entries
    points = {name: np.array([0.3, 0.6]) for name in base.dimensions}
    before, after = base.values(points), pinned.values(points)
    assert (after["rho"] == -0.2).all()
    for name, values in after.items():
        if name != "rho":
            np.testing.assert_array_equal(values, before[name])
    assert pinned.replaced({"sigma": base.entries["sigma"]}).digest == base.digest
    assert base.pinned("mode", "continual").values(points)["mode"].tolist() == [MODES.index("continual")] * 2


def test_in_a_pool_every_member_is_changed():
    pool = load_prior("agnostic").pinned("r", 1.3)
    assert all(member.entries["r"].distribution.constant == 1.3 for member, _ in pool.members)
    assert pool.digest != load_prior("agnostic").digest


def test_a_value_that_cannot_be_pinned_is_refused():
    prior = load_prior("davidson-2025")
    for quantity, value, words in (
        ("rho", 2.0, "is above 1"),
        ("mode", "sometimes", "Known: none"),
        ("lambda", 1.0, "is no quantity"),
    ):
        with pytest.raises(InputError, match=words):
            prior.pinned(quantity, value)
