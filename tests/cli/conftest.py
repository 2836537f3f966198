"""Commands are tested in an empty folder; reports of which only the words matter, without what takes longest."""

from __future__ import annotations

import pytest

from mc_sie.published.verdicts import Target


@pytest.fixture(autouse=True)
def _in_an_empty_folder(here):
    """Also where a test does not ask for the folder."""


@pytest.fixture
def cheap_report(monkeypatch):
    """Reports whose figures are made but not drawn, without the published numbers, which every report shares."""
    monkeypatch.setattr("mc_sie.report.render.inline_svg", lambda figure, name, alt: f'<svg aria-label="{alt}"></svg>')
    monkeypatch.setattr("mc_sie.report.build.all_targets", lambda *_, **__: [Target("source", "number", "1", 1.0)])
