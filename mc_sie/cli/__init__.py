"""The command line: parse, call, print. No mathematics and no file formats live here.

Heavy modules are imported inside the commands, so that ``mc-sie --help`` answers at once.
"""

<<<<<<< HEAD
from mc_sie.cli import run, report, law, published, priors  # noqa: F401, I001 (each adds its commands, in the order of --help)
=======
from mc_sie.cli import run, compare, law, published, priors  # noqa: F401, I001 (each adds its commands, in the order of --help)
>>>>>>> de83a590282bd3a1e59145fb06f329b58412443e
from mc_sie.cli.app import app

__all__ = ["app"]
