"""The prior file to start from."""

from prior_texts import HEAD, RHO, R

from mc_sie.priors import new_prior_text
from mc_sie.quantities import QUANTITIES


def test_the_template_loads_and_names_every_quantity(load):
    text = new_prior_text()
    prior = load(text)
    assert prior.entries["rho"].origin == "mine.toml"
    assert prior.warnings == ()
    for name in QUANTITIES:
        assert f"[{name}]" in text
    load(HEAD + RHO + R)
    assert load(new_prior_text("base.toml"), base=HEAD + RHO + R).entries["r"].origin == "base.toml"
