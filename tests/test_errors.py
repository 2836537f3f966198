"""Errors that a user can cause: one, or all of a file at once."""

import pickle

import pytest

from mc_sie.errors import CombinedInputError, Faults, InputError


def faults_of(*places):
    faults = Faults("mine.toml")
    for place in places:
        with faults.gathered():
            raise InputError(f"mine.toml: {place}", "is wrong", "Put it right.")
    return faults


def test_one_fault_is_raised_as_it_is():
    faults_of().raise_any()
    with pytest.raises(InputError) as caught:
        faults_of("a").raise_any()
    assert type(caught.value) is InputError
    assert str(caught.value) == "mine.toml: a is wrong. Put it right."


def test_several_are_raised_as_one_that_comes_back_from_another_process():
    with pytest.raises(InputError) as caught:
        faults_of("a", "b", "a").raise_any()
    assert str(caught.value) == (
        "mine.toml has 2 errors:\nmine.toml: a is wrong. Put it right.\nmine.toml: b is wrong. Put it right."
    )
    back = pickle.loads(pickle.dumps(caught.value))
    assert type(back) is CombinedInputError
    assert str(back) == str(caught.value)
    assert [error.where for error in back.errors] == ["mine.toml: a", "mine.toml: b"]


def test_gathered_faults_of_faults_are_one_list():
    outer = Faults("outer.toml")
    with outer.gathered():
        faults_of("a", "b").raise_any()
    outer.add("outer.toml: c", "is wrong")
    assert [error.where[-1] for error in outer.errors] == ["a", "b", "c"]


def test_a_message_shows_the_first_twenty():
    with pytest.raises(InputError) as caught:
        faults_of(*map(str, range(70))).raise_any()
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("mine.toml has 70 errors:", "... and 50 more.", 22)
