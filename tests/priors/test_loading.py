"""Prior files: what they inherit, how every family is written, what a record gives back."""

import json
from pathlib import Path

import numpy as np
import pytest
from prior_texts import HEAD, RHO, R, entry, points

import mc_sie.priors as priors
from mc_sie.distributions import families
from mc_sie.errors import InputError
from mc_sie.priors import load_prior, prior_from_dict, shipped_priors
from mc_sie.quantities import PAIRED, QUANTITIES


def test_public_names():
    classes = ["Correlation", "Dependence", "Entry", "PriorSet"]
    functions = ["entry", "fixed_entry", "json_schema", "load_prior", "new_prior_text", "pool", "prior_from_dict"]
    shipped = ["shipped_answers", "shipped_digests", "shipped_priors", "shipped_titles"]
    assert sorted(priors.__all__) == [*classes, *functions, *shipped]


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
    body, distribution = FAMILIES[family]
    prior = load(HEAD + RHO + R + entry("alpha_compute", f'family = "{family}"\n{body}'))
    u = points(prior)
    values = prior.values(u)["alpha_compute"]
    np.testing.assert_allclose(values, distribution.ppf(u["alpha_compute"]), rtol=1e-12)
    assert prior.mean("alpha_compute") == pytest.approx(distribution.mean(), rel=1e-9)
    np.testing.assert_allclose(
        prior.quantiles("alpha_compute", [0.05, 0.95]), distribution.ppf([0.05, 0.95]), rtol=1e-12
    )
    assert prior.entries["alpha_compute"].family == family


def test_fitted_quantiles_say_how_far_they_miss(load):
    body = 'family = "quantiles"\nquantiles = { q10 = 0.30, q50 = 0.505, q90 = 0.70 }\nfit = "beta"'
    words = load(HEAD + RHO + R + entry("alpha_compute", body)).entries["alpha_compute"].distribution.describe()
    assert words.startswith("beta through q10 = 0.3, q50 = 0.505, q90 = 0.7: misses by at most ")
    exact = body.replace("q50 = 0.505, ", "")
    words = load(HEAD + RHO + R + entry("alpha_compute", exact)).entries["alpha_compute"].distribution.describe()
    assert words == "beta with q10 = 0.3, q90 = 0.7"


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


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("x" * 300, "cannot be read: File name too long."),
        ("\u00e9" * 140, "cannot be read: File name too long."),  # 280 bytes
        (Path("y" * 300), "cannot be read: File name too long."),
        ("~nouser/mine.toml", "is no path: Could not determine home directory."),
        ("a\0b", "embedded null"),
        (5, "prior '5' is neither a name nor a path."),
        (None, "prior 'None' is neither a name nor a path."),
    ],
)
def test_what_cannot_be_a_path_is_refused(reference, message):
    with pytest.raises(InputError) as error:
        load_prior(reference)
    assert message in str(error.value)
