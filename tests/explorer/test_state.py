"""The view of the live page: changes, undo, and the prior file that states it."""

from __future__ import annotations

import pytest

ZERO = {"family": "fixed", "value": 0}
HALVES = {"a": 0.5, "b": 0.5}
DATA = {
    "quantities": {
        "rho": {"determines": "rho"},
        "sigma": {"determines": "rho"},
        "r": {"determines": "r"},
    },
    "sets": {
        "theirs": {"title": "Theirs", "isShipped": True, "table": {"title": "Theirs", "rho": ZERO}},
        "pool": {"title": "Pool", "isShipped": True, "table": {"title": "Pool", "pool": {"members": HALVES}}},
        "file": {
            "title": "File",
            "isShipped": False,
            "table": {"title": "File", "rho": ZERO, "r": {"family": "fixed", "value": 1}},
        },
    },
}  # fmt: skip


@pytest.fixture
def state(node):
    def run(script):
        return node(
            "const { createStore, firstView, withChange, withWeights, withoutEdits, tableOf, simulatedTable, eventText,"
            ' eventOf, isChanged } = await import(page("state.js"));' + script,
            DATA,
        )

    return run


def test_a_dragged_slider_is_one_step_and_undo_brings_the_view_back(state):
    found = state("""
        const store = createStore(firstView("theirs"));
        for (const value of [1, 2, 3]) {
          const table = { family: "fixed", value };
          store.change(withChange(store.view, input.quantities, "r", table), "r.value");
        }
        const dragged = store.view.edits.theirs.changes.r.value;
        store.endStep();
        store.change({ set: "file" });
        store.undo();
        const again = store.view.set;
        store.undo();
        const before = isChanged(store.view);
        store.redo();
        store.redo();
        return [dragged, again, before, store.view.set, store.view.edits.theirs.changes.r.value, store.canRedo];
    """)
    assert found == [3, "theirs", False, "file", 3, False]


def test_a_set_keeps_its_changes_while_another_is_looked_at(state):
    found = state("""
        const store = createStore(firstView("theirs"));
        store.change(withChange(store.view, input.quantities, "r", { family: "fixed", value: 2 }));
        store.change({ set: "file" });
        store.change({ set: "theirs" });
        return tableOf(store.view, input);
    """)
    assert found == {"title": "Theirs, changed", "extends": "theirs", "r": {"family": "fixed", "value": 2}}


def test_what_determines_the_same_quantity_is_exchanged(state):
    found = state("""
        let view = firstView("file");
        view = { ...view, ...withChange(view, input.quantities, "rho", { family: "fixed", value: -1 }) };
        view = { ...view, ...withChange(view, input.quantities, "sigma", { family: "fixed", value: 0.5 }) };
        return tableOf(view, input);
    """)
    assert found == {
        "title": "File, changed",
        "r": {"family": "fixed", "value": 1},
        "sigma": {"family": "fixed", "value": 0.5},
    }


def test_weights_of_members_change_a_pool_that_is_stated_whole(state):
    found = state("""
        let view = firstView("pool");
        const plain = simulatedTable(view, input);
        view = { ...view, ...withWeights(view, { a: 0.2, b: 0.8 }) };
        return [plain, tableOf(view, input), isChanged({ ...view, ...withoutEdits(view) })];
    """)
    assert found[0] == DATA["sets"]["pool"]["table"]
    assert found[1] == {"title": "Pool, changed", "pool": {"members": {"a": 0.2, "b": 0.8}}}
    assert found[2] is False


@pytest.mark.parametrize(
    "text", ["best_window_months[5] < 12", "months_to[2.5] < 60", "pace_peak > 100", "best_window_months[5] >= 12"]
)
def test_events_come_back_as_they_were(state, text):
    assert state(f"return eventText(eventOf({text!r}));") == text
