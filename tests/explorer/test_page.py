"""The live page as a file: what stands in it, and the prior files it states."""

from __future__ import annotations

import json
import re

import pytest

from mc_sie import load_prior
from mc_sie.explorer.page import explorer_page, file_table
from mc_sie.priors import shipped_priors
from mc_sie.priors.text_entry import in_toml, key_in_toml


@pytest.fixture(scope="module")
def page():
    return explorer_page(load_prior("economists"), event="months_to[3] < 24", seed=7, horizon_months=120.0)


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_it_needs_nothing_else_and_is_small(page):
    assert len(page.encode()) < 1_000_000
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "sha256-" in page
    policy = re.search(r'Security-Policy" content="([^"]*)"', page)[1]
    assert "wasm-unsafe-eval" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")


def test_it_opens_with_what_was_asked(page):
    data = data_of(page)
    asked = {"start": "economists", "event": "months_to[3] < 24", "seed": 7, "horizon": 120.0}
    assert asked.items() <= data.items()
    assert set(data["sets"]) == set(shipped_priors())


def test_a_file_of_a_shipped_name_does_not_hide_the_shipped_set(tmp_path):
    file = tmp_path / "economists.toml"
    stated = '[r]\nfamily = "fixed"\nvalue = 1\nunit = "1"\nsource = "s"\n'
    file.write_text(f'title = "Mine"\nextends = "davidson-2025"\n{stated}')
    data = data_of(explorer_page(load_prior(file)))
    assert data["start"] == "economists (file)"
    assert data["sets"]["economists (file)"]["table"]["r"]["value"] == 1.0
    assert data["sets"]["economists"]["isShipped"]


def test_a_file_with_evidence_brings_its_own_proposal(tmp_path, monkeypatch):
    file = tmp_path / "mine.toml"
    file.write_text('title = "Mine"\nextends = "economists-evidence"\n')
    searched = []
    monkeypatch.setattr("mc_sie.explorer.page.proposal_of", lambda prior: searched.append(prior.name) or {"mine": 1})
    assert data_of(explorer_page(load_prior(file)))["proposals"]["mine"] == {"mine": 1}
    explorer_page(load_prior("economists-evidence"))  # its proposal is stored
    assert searched == ["mine"]


@pytest.mark.parametrize("name", ["davidson-2025", "agnostic-evidence", "agnostic", "whitfill-wu-baseline"])
def test_a_set_stated_whole_is_the_same_prior(tmp_path, name):
    prior = load_prior(name)
    lines = []
    for key, value in file_table(prior).items():
        lines.append(f"{key_in_toml(key)} = {in_toml(value)}")
    file = tmp_path / "mine.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert load_prior(file).digest == prior.digest
