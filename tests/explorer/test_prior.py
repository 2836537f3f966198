"""Priors of the live page against those of Python: values, what is refused, and the way back to a file."""

import importlib.util

import numpy as np
import pytest
from prior_texts import HEAD, ONE, RHO, TWO, R, entry
from tests_settings import ROOT

from mc_sie.explorer.data import page_data
from mc_sie.priors import entry as made
from mc_sie.priors import load_prior
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.priors.shipped import shipped_priors
from mc_sie.quantities import MODEL_QUANTITIES

N = 1000
PRELUDE = """
const { parseToml, writeToml } = await import(page("toml.js"));
const { priorOf } = await import(page("prior.js"));
const columns = (points) => Object.fromEntries(Object.entries(points).map(([name, u]) => [name, Float64Array.from(u)]));
"""


@pytest.fixture(scope="module")
def data():
    return page_data()


def cube(n=N, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.random(n) for name in (*MODEL_QUANTITIES, POOL_DIMENSION)}


def assert_same(found, prior, points):
    expected = prior.values(points)
    assert list(found) == list(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(
            np.array(found[name], dtype=float), column.astype(float), rtol=1e-10, atol=1e-12, err_msg=name
        )


def test_shipped_sets_draw_the_same_values_and_give_back_the_same_file(node, data, tmp_path):
    points = cube()
    script = f"""{PRELUDE}
    const points = columns(input.points);
    const found = {{}};
    for (const name of Object.keys(input.data.sets)) {{
      const {{ table, title, isPool }} = input.data.sets[name];
      const prior = priorOf(isPool ? table : {{ title, extends: name }}, input.data, name);
      const values = prior.values(points, {N});
      found[name] = {{ dimensions: prior.dimensions, values, file: writeToml(prior.toTable()) }};
    }}
    return found;
    """
    found = node(script, {"data": data, "points": points})
    assert list(found) == list(shipped_priors())
    for name, answer in found.items():
        prior = load_prior(name)
        assert tuple(answer["dimensions"]) == prior.dimensions
        assert_same(answer["values"], prior, points)
        path = tmp_path / f"{name}.toml"
        path.write_text(answer["file"], encoding="utf-8")
        again = load_prior(path)
        assert again.digest == prior.digest
        assert again.title == prior.title
        assert again.bottlenecks == prior.bottlenecks


# ------------------------------------------------------------------------------------------------- what is refused


def mistakes(file, head):
    """Prior files that Python's own tests show to be refused, by name."""
    path = ROOT / "tests" / "priors" / file
    spec = importlib.util.spec_from_file_location(f"mistakes_of_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: head + text for name, (text, _) in module.MISTAKES.items()}


def said_of(node, data, texts):
    """What the page says against each of some prior files; nothing where it takes one."""
    script = f"""{PRELUDE}
    return input.texts.map((text) => {{
      try {{
        priorOf(parseToml(text), input.data);
        return "";
      }} catch (error) {{
        return error.name === "InputError" ? error.message : `crashed: ${{error.stack}}`;
      }}
    }});
    """
    return node(script, {"data": data, "texts": texts})


@pytest.mark.parametrize(
    ("file", "head"),
    [
        ("test_messages.py", ""),
        ("test_copula.py", ""),
        ("test_evidence.py", 'title = "t"\nbottlenecks = "counted once"\nextends = "economists"\n'),
    ],
)
def test_what_python_refuses_is_refused(node, data, file, head):
    texts = mistakes(file, head)
    found = dict(zip(texts, said_of(node, data, list(texts.values())), strict=True))
    assert [name for name, message in found.items() if message == ""] == []
    assert [message for message in found.values() if message.startswith("crashed")] == []
    if head:
        assert not any("title" in message for message in found.values())  # refused for what the name says


def test_links_between_sets_are_checked(node, data):
    """As test_messages.py does with files that lie beside each other; here they are sets of the page."""
    loop = {"title": "t", "extends": "loop"}
    data = data | {"sets": data["sets"] | {"loop": {"title": "t", "table": loop}}}
    texts = [
        'title = "t"\nextends = "agnostic"',
        'title = "t"\nextends = "loop"',
        HEAD + '[pool]\nmembers = { agnostic = 1 }\nsource = "s"',
        HEAD + '[pool]\nmembers = { agnostic-evidence = 1 }\nsource = "s"',
    ]
    found = said_of(node, data, texts)
    for message, why in zip(found, ["is a pool", "leads back", "is itself a pool", "is conditioned"], strict=True):
        assert why in message


# ------------------------------------------------------------------------------------------- files of users, changes

CORRELATED = """
[[correlation]]
group = ["rho", "r", "lam"]
spearman = 0.4
source = "s"

[[correlation]]
between = ["r", "speedup_initial"]
spearman = -0.3
source = "s"
"""
LAM = entry("lam", 'family = "beta"\na = 2\nb = 3')
MINE = HEAD + RHO + R + LAM + entry("speedup_initial", 'family = "loguniform"\nlow = 2\nhigh = 32') + CORRELATED
IMPOSSIBLE = MINE.replace("-0.3", "0.99").replace("0.4\nsource", "-0.45\nsource")
FILES = {
    "one": ONE,
    "two": TWO,
    "correlated": MINE,
    "impossible": IMPOSSIBLE,
    "both speeds": HEAD + R
    + entry("max_speed", 'family = "loguniform"\nlow = 2\nhigh = 50')
    + entry("max_speed_compute", 'family = "lognormal"\nmedian = 8\nsd_log = 0.5\ntruncate_low = 1.5'),
    "cumulative": HEAD + RHO + entry("r_cumulative", 'family = "loguniform"\nlow = 0.4\nhigh = 3.6'),
    "no limit": HEAD + RHO + R + entry("limit_ooms",
        'family = "mixture"\ncomponents = [{ weight = 0.3, family = "fixed", value = inf },'
        ' { weight = 0.7, family = "uniform", low = 3, high = 9 }]',
    ),
    "child": 'title = "t"\nextends = "davidson-2025"\n' + entry("speedup_initial", 'family = "absent"')
    + entry("sigma", 'family = "quantiles"\nquantiles = { q05 = 0.7, q50 = 0.8, q95 = 0.95 }\nlow = 0.1'),
    "all the extensions": HEAD + RHO + R
    + entry("rho_long", 'family = "fixed"\nvalue = 0.2')
    + entry("reconfiguration_half_life_months", 'family = "uniform"\nlow = 1\nhigh = 9')
    + entry("route2_rho", 'family = "fixed"\nvalue = 0.2')
    + entry("route2_alpha_compute", 'family = "uniform"\nlow = 0.1\nhigh = 0.9')
    + entry("mode", 'family = "fixed"\nvalue = "continual"'),
}  # fmt: skip


def test_files_of_users_draw_the_same_values_and_come_back(node, data, tmp_path):
    points = cube()
    script = f"""{PRELUDE}
    const points = columns(input.points);
    return input.texts.map((text) => {{
      const prior = priorOf(parseToml(text), input.data);
      return {{ values: prior.values(points, {N}), file: writeToml(prior.toTable()), warnings: prior.warnings }};
    }});
    """
    found = node(script, {"data": data, "points": points, "texts": list(FILES.values())})
    for (name, text), answer in zip(FILES.items(), found, strict=True):
        (tmp_path / "mine.toml").write_text(text)
        (tmp_path / "again.toml").write_text(answer["file"])
        prior = load_prior(tmp_path / "mine.toml")
        assert load_prior(tmp_path / "again.toml").digest == prior.digest, name
        if prior.dependence.is_repaired:  # its root magnifies the last decimals of the linear algebra
            assert "nearest" in answer["warnings"][-1]
            for one, column in prior.values(points).items():
                np.testing.assert_allclose(answer["values"][one], column, rtol=1e-4, err_msg=one)
        else:
            assert_same(answer["values"], prior, points)
            assert answer["warnings"] == []


def test_a_pool_of_a_user_draws_whole_sets(node, data, tmp_path):
    points = cube()
    text = HEAD + '[pool]\nmembers = { "economists" = 0.25, "davidson-2025" = 0.35, "kwa-2026" = 0.4 }\nsource = "s"\n'
    script = f"""{PRELUDE}
    const prior = priorOf(parseToml(input.text), input.data);
    const values = prior.values(columns(input.points), {N});
    const moved = prior.replaced({{ lam: input.lam }}).values(columns(input.points), {N}).lam;
    return {{ dimensions: prior.dimensions, values, moved, file: writeToml(prior.toTable()) }};
    """
    lam = {"family": "fixed", "value": 0.5, "unit": "1", "source": "s"}
    found = node(script, {"data": data, "text": text, "points": points, "lam": lam})
    (tmp_path / "mine.toml").write_text(text)
    prior = load_prior(tmp_path / "mine.toml")
    assert tuple(found["dimensions"]) == prior.dimensions
    assert_same(found["values"], prior, points)
    (tmp_path / "again.toml").write_text(found["file"])
    assert load_prior(tmp_path / "again.toml").digest == prior.digest
    assert set(found["moved"]) == {0.5}


def test_a_changed_set_is_that_of_python(node, data, tmp_path):
    """A change takes the place of what determined the same; a correlation that it cannot have is left out."""
    points = cube()
    tables = {
        "sigma": {"family": "uniform", "low": 0.5, "high": 0.9, "unit": "1", "source": "mine"},
        "lam": {"family": "fixed", "value": 0.6, "unit": "1", "source": "mine"},
        "speedup_initial": None,
    }
    script = f"""{PRELUDE}
    const prior = priorOf(parseToml(input.text), input.data).replaced(input.tables);
    const values = prior.values(columns(input.points), {N});
    const {{ mode, sigma }} = prior.entries;
    const file = writeToml(prior.toTable());
    return {{ values, warnings: prior.warnings, file, isDefault: mode.isDefault, determined: sigma.table }};
    """
    found = node(script, {"data": data, "text": MINE, "points": points, "tables": tables})
    (tmp_path / "mine.toml").write_text(MINE)
    expected = load_prior(tmp_path / "mine.toml").replaced(
        {name: made_entry(name, table) if table else None for name, table in tables.items()}
    )
    assert_same(found["values"], expected, points)
    assert len(found["warnings"]) == len([one for one in expected.warnings if "correlation" in one]) == 4
    (tmp_path / "again.toml").write_text(found["file"])
    assert load_prior(tmp_path / "again.toml").digest == expected.digest
    assert found["isDefault"] is True
    assert found["determined"] == tables["sigma"]


def made_entry(name, table):
    keys = ("unit", "source")
    return made(
        name, {key: value for key, value in table.items() if key not in keys}, **{key: table[key] for key in keys}
    )


def test_a_quantity_in_other_words(node, data):
    """Quantiles of what the set does not state, from what it states."""
    script = f"""{PRELUDE}
    const prior = priorOf({{ title: "t", extends: "davidson-2025" }}, input.data);
    const middle = (name) => [...prior.restated(name)].sort((a, b) => a - b)[2048];
    return [middle("rho"), middle("sigma"), middle("r"), middle("max_speed"), middle("limit_ooms")];
    """
    prior = load_prior("davidson-2025")
    rho, sigma, r, max_speed, limit = node(script, {"data": data})
    assert rho == pytest.approx(float(prior.quantiles("rho", [0.5])[0]), abs=0.01)
    assert sigma == pytest.approx(1.0 / (1.0 - rho), rel=1e-3)
    assert r == pytest.approx(float(prior.quantiles("r", [0.5])[0]), rel=0.02)
    assert max_speed > 1.0
    assert limit == pytest.approx(float(prior.quantiles("limit_ooms", [0.5])[0]), rel=0.02)


def test_evidence_is_taken_away_and_nothing_else(node, data, tmp_path):
    script = f"""{PRELUDE}
    const prior = priorOf({{ title: "t", extends: "economists-evidence" }}, input.data);
    return [prior.evidence.length, writeToml(prior.withoutEvidence().toTable())];
    """
    n_pieces, file = node(script, {"data": data})
    (tmp_path / "bare.toml").write_text(file)
    assert n_pieces == len(load_prior("economists-evidence").evidence)
    assert load_prior(tmp_path / "bare.toml").digest == load_prior("economists-evidence").without_evidence().digest
