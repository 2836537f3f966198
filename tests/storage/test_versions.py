"""Versions of packages, installed or not."""

from __future__ import annotations

import numpy as np

from mc_sie.storage.versions import version_of


def test_a_version_is_that_of_the_package_or_says_that_there_is_none():
    assert version_of("numpy") == np.__version__
    assert version_of("no-such-package-here") == "not installed"
