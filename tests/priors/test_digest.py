"""Digests depend on what is drawn, and on nothing else."""

import hashlib
import json
import math

import numpy as np

from mc_sie import load_prior
from mc_sie.priors.digest import digest_given, digest_of, plain


def test_plain_values_are_those_of_json():
    value = {"a": (1, math.inf, -math.inf, math.nan), "b": [np.float64(0.5), np.int64(3)], "c": None}
    assert plain(value) == {"a": [1, "inf", "-inf", None], "b": [0.5, 3], "c": None}
    assert json.dumps(plain(value), allow_nan=False)


def test_a_digest_is_that_of_the_sorted_json():
    expected = hashlib.sha256(b'{"a": 1, "b": "inf"}').hexdigest()
    assert digest_of({"b": math.inf, "a": 1}) == expected


def test_evidence_changes_the_digest_whatever_its_order():
    evidence = load_prior("economists-evidence").evidence
    one, other = evidence[0], load_prior("agnostic-evidence").evidence[0]
    assert digest_given("x", ()) == "x"
    assert len({digest_given("x", (one,)), digest_given("x", (other,)), "x"}) >= 2
    assert digest_given("x", (one, other)) == digest_given("x", (other, one))
