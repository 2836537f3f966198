"""One grammar of numbers, for options, events, tables and lines of text."""

import math
from fractions import Fraction

import numpy as np
import pytest

from mc_sie.errors import InputError
from mc_sie.text.numerals import argument_number, is_number, parse_number, parse_whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-1.5e3", -1500.0),
        ("5", 5.0),
        ("+.5", 0.5),
        ("5.", 5.0),
        (" 1E-3 ", 1e-3),
        ("0e0", 0.0),
        ("0.000", 0.0),
        ("1e308", 1e308),
        ("5e-324", 5e-324),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("0" * 300 + "7", 7.0),
    ],
)
def test_a_number_is_digits_with_a_point_and_perhaps_an_exponent(text, number):
    assert parse_number(text) == number
    assert is_number(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", ".", "e5", "1e", "1e+", "1.2.3", "abc", "nan", "0x10", "true", "1 000", "1,5", "1,000"),
        *("1_000", "1__0", "٣", "\uff13", "\u2167", "²", "1\n2", "infin", "--1", "1.5 months", "9" * 401),
    ],
)
def test_what_float_or_int_might_take_beyond_is_no_number(text):
    assert not is_number(text)
    with pytest.raises(ValueError, match=r"is not a number"):
        parse_number(text)
    if text not in ("1,000", "1_000"):
        with pytest.raises(ValueError, match=r"is no whole number"):
            parse_whole(text)


@pytest.mark.parametrize("text", ["1e309", "-1e400", "9" * 400, "1e-400", "0.0001e-330"])
def test_a_number_that_would_become_infinite_or_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"is outside what can be computed with"):
        parse_number(text)


@pytest.mark.parametrize("written", ["1024", "1,024", "1_024", "1024.0", "2^10", "2**10", "1.024e3", " +1024 "])
def test_a_whole_number_is_read_as_people_write_it(written):
    assert parse_whole(written) == 1024


def test_a_whole_number_is_exact_beyond_what_a_float_holds():
    assert parse_whole("18446744073709551615") == parse_whole("18,446,744,073,709,551,615") == 2**64 - 1
    assert parse_whole("2^64") == 2**64
    assert parse_whole("1e29") == 10**29
    assert parse_whole("-3") == -3
    assert parse_whole("1^999999999999") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,5", "is no whole number"),
        ("1,0000", "is no whole number"),
        ("1,000_000", "is no whole number"),
        ("1__0", "is no whole number"),
        ("1.5", "is no whole number"),
        ("1e-400", "is no whole number"),
        ("0^-1", "is no whole number"),
        ("2^^3", "is no whole number"),
        ("2^1.5", "is no whole number"),
        ("٢^٣", "is no whole number"),
        ("inf", "is too large"),
        ("1e999999999", "is too large"),
        ("1e9999999999", "is no whole number"),
        ("2^999999999999", "is too large"),
        ("9" * 31, "is too large"),
    ],
)
def test_what_is_no_whole_number_is_refused_at_once(text, why):
    with pytest.raises(ValueError, match=why):
        parse_whole(text)


@pytest.mark.parametrize("value", [3, 3.0, np.float64(3), np.int32(3), np.float32(3), Fraction(3)])
def test_an_argument_may_be_any_real_number(value):
    assert argument_number("x", value) == 3.0


@pytest.mark.parametrize("value", [True, np.True_, "3", None, [3], 3j, b"3", 10**400, np.array([3])])
def test_an_argument_that_is_no_number_is_refused_by_its_name(value):
    with pytest.raises(InputError, match=r"^shift = .* (is not a number|is outside what can be computed with)"):
        argument_number("shift", value)
