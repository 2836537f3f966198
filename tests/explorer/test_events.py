"""Events of the live page: the same grammar, the same draws."""

import numpy as np
import pytest

from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.outcomes import OUTCOME_KINDS, Outcomes

GOOD = [
    "best_window_months[5] < 12", "best_window[2.5]<6", "from_start[5] <= 12", "months_to[20] > 0.5",
    "best_gain_ooms[12] >= 5", "first_year_ooms >= 1e-1", "pace_peak > .5", " pace_initial >= +10. ",
    "limit_reached >= 1", "n_deployments > 2", "accumulated_training_ooms > 0.1",
    "first_year_progress_years >= 3", "best_year_progress_years >= 3.5", "months_end < 240",
    "best_gain_ooms[4] < 1", "best_window_months[5] < 1", "doublings_per_pace_doubling < -1",
    "best_window_months [ 5 ] < 12",
]  # fmt: skip
BAD = [
    "", "best", "best_window_months[5]", "best_window_months < 12", "best_window_months[5] < ",
    "best_window_months[5 < 12", "best_window_months[5] < inf", "best_window_months[0] < 12",
    "best_window_months[21] < 12", "months_to[5] < -1", "pace_peak[3] > 1", "nothing[5] < 3",
    "best_gain_ooms[-1] > 1", "best_gain_ooms[nan] > 1", "pace_peak > 1_000", "pace_peak > 1e999",
    "pace_peak > 0x10", "pace_peak = 3", "pace_peak > 3 < 4", "best_window_months[5]x < 3", "5 < 3",
    "constructor > 1", "toString < 1", "pace_peak > 1e-400",
]  # fmt: skip


def outcomes():
    n = 64
    rng = np.random.default_rng(0)
    found = Outcomes.empty(n, np.array([2.5, 5.0, 20.0]), np.array([4.0, 12.0]))
    for name, array in vars(found).items():
        if array.dtype == np.float64 and name not in ("levels", "widths"):
            array[:] = rng.uniform(0.0, 30.0, array.shape)
    found.best_window_months[:8, 1] = 12.0
    found.best_window_months[8:12, 1] = 12.0 * (1.0 - 5e-10)
    found.best_window_months[12:20] = np.inf
    found.status[:] = 0
    found.status[20:24] = 1
    found.months_to[20:24] = found.best_window_months[20:24] = found.best_gain_ooms[20:24] = np.nan
    found.limit_reached[:] = rng.random(n) < 0.5
    found.n_deployments[:] = rng.integers(0, 5, n)
    return found


def test_the_same_draws_and_the_same_words(node):
    given = outcomes()
    script = """
    const { parseEvent } = await import(page("events.js"));
    const outcomes = input.outcomes;
    for (const name of ["months_to", "best_window_months", "best_gain_ooms"]) outcomes[name] = outcomes[name].flat();
    return input.texts.map((text) => {
      const event = parseEvent(text);
      const twin = event.fromStart;
      const { levels, widths, inWords } = event;
      const { text: again, bound } = event;
      return { text: again, levels, widths, inWords, bound, twin: twin && twin.text, hits: event.holds(outcomes) };
    });
    """
    found = node(script, {"outcomes": vars(given), "texts": GOOD})
    for text, answer in zip(GOOD, found, strict=True):
        event = parse_event(text)
        assert answer["text"] == str(event)
        assert (tuple(answer["levels"]), tuple(answer["widths"])) == (event.levels, event.widths)
        assert answer["inWords"] == event.in_words
        assert answer["bound"] == event.single.bound
        assert answer["twin"] == (str(event.from_start) if event.from_start else None)
        assert [bool(hit) for hit in answer["hits"]] == event.holds(given).tolist()


def test_what_is_no_event_is_refused_by_both(node):
    script = """
    const { parseEvent } = await import(page("events.js"));
    return input.map((text) => {
      try { return parseEvent(text).text; } catch (error) { return error.name; }
    });
    """
    assert node(script, BAD) == ["InputError"] * len(BAD)
    for text in BAD:
        with pytest.raises(InputError):
            parse_event(text)


@pytest.mark.parametrize(("text", "horizon"), [("best_window_months[5] < 12", 6.0), ("first_year_ooms > 1", 6.0)])
def test_an_event_beyond_the_horizon_is_refused(node, text, horizon):
    script = """
    const { parseEvent } = await import(page("events.js"));
    parseEvent(input.text).checkHorizon(12);
    try { parseEvent(input.text).checkHorizon(input.horizon); return ""; } catch (error) { return error.why; }
    """
    assert "trajectories end after 6" in node(script, {"text": text, "horizon": horizon})


def test_the_table_of_outcomes_is_that_of_python(node):
    found = node('return (await import(page("events.js"))).OUTCOMES;')
    assert found == {name: [kind.unit, kind.index_unit] for name, kind in OUTCOME_KINDS.items()}
