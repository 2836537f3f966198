"""The fixture that writes prior files and loads them."""

import pytest

from mc_sie.priors import load_prior


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Writes files and loads the first."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text, **others):
        for name, other in others.items():
            (tmp_path / f"{name}.toml").write_text(other)
        (tmp_path / "mine.toml").write_text(text)
        return load_prior("mine.toml")

    return write_and_load
