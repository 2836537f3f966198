"""The command line: parse, call, print. No mathematics and no file formats live here.

Heavy modules are imported inside the commands, so that ``mc-sie --help`` answers at once.
"""

from mc_sie.cli import (  # noqa: F401, I001 (each adds its commands, in the order of --help)
    run,
    netcdf,
    sensitivity,
    measure,
    compare,
    retraining,
    evidence,
    report,
    explore,
    law,
    published,
    priors,
)
from mc_sie.cli.app import app

__all__ = ["app"]
