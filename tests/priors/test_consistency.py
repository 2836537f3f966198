"""What must hold of the entries of a set together, and what is warned about."""

from prior_texts import HEAD, RHO, R, entry


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
    inherited = f'{bare}extends = "base.toml"\n' + entry("lam", 'family = "fixed"\nvalue = 0.5')
    (warning,) = load(inherited, base=bare + RHO + R).warnings  # said where it is new, and in the same words
    assert warning.startswith("base.toml: rho below 0")
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
