"""Priors: from a cited TOML file to quantile functions of points in the unit cube.

The names stand in ``__init__.pyi``. Each is imported when it is first asked for: whoever only lists the shipped sets
needs no schema of their files.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
