"""The command line: parse, call, print. No mathematics and no file formats live here.

A command's module is imported when the command is called, and what is heavy inside the command, so that ``mc-sie
--help`` answers at once.
"""

from mc_sie.cli.app import app

__all__ = ["app"]
