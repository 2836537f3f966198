"""``netcdf``: a stored run as a file for ArviZ."""

import pytest
import xarray as xr
from tests_settings import CHEAP, SMALL

from mc_sie.errors import EXIT_BAD_INPUT
from mc_sie.storage.runs import read_run


@pytest.fixture
def run(cli, here):
    status, _, _ = cli("run", CHEAP, *SMALL, "--out", "run")
    assert status == 0
    assert not (here / "run/draws.nc").exists()
    return here / "run"


def test_netcdf_writes_the_tree_of_the_run_beside_it(cli, run, here):
    status, out, err = cli("netcdf", "run/run.json")
    assert (status, err) == (0, "")
    tree = read_run(run).to_datatree()
    sizes = tree["prior"].sizes
    assert f"run.nc: prior, prior_predictive, constant_data; {sizes['chain']} chains (replicates) of" in out
    with xr.open_datatree(here / "run.nc", engine="h5netcdf") as read:
        xr.testing.assert_equal(read["prior_predictive"].to_dataset(), tree["prior_predictive"].to_dataset())


def test_netcdf_marks_another_event(cli, run, here):
    status, _, _ = cli("netcdf", "run", "--event", "pace_peak > 30", "--out", "fast.nc")
    assert status == 0
    with xr.open_datatree(here / "fast.nc", engine="h5netcdf") as read:
        assert read.attrs["event"] == "pace_peak > 30"
        predictive = read["prior_predictive"].to_dataset()
        assert bool(((predictive["pace_peak"] > 30) == predictive["event"]).all())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--out", "there.nc"), "there.nc exists already"),
        (("run", "--out", "no/where.nc"), "there is no folder no"),
        (("run", "--event", "often", "--out", "x.nc"), "--event 'often' is not an event"),
        (("nowhere",), "nowhere/run.json is not there"),
    ],
)
def test_netcdf_refuses_what_it_cannot_do_and_writes_nothing(cli, run, here, arguments, said):
    (here / "there.nc").write_text("mine")
    status, _, err = cli("netcdf", *arguments)
    assert status == EXIT_BAD_INPUT
    assert said in " ".join(err.split())
    assert {path.name for path in here.iterdir()} == {"run", "there.nc"}
    assert (here / "there.nc").read_text() == "mine"
