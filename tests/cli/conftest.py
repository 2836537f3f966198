"""Commands are tested in an empty folder."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _in_an_empty_folder(here):
    """Also where a test does not ask for the folder."""
