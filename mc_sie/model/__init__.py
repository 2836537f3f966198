"""The science: one law of motion, its retraining modes, its outcomes, as scalar compiled functions of floats.

From below: ``elementary`` functions and the steps of ``rootfinding``; ``chebyshev`` series; ``ces``, the production
function; ``law``, the law of motion, and ``parameters``, from the quantities of a draw to its law; ``retraining``, the
equations of each mode; ``workspace``, what a thread lends.

A trajectory is solved panel by panel: ``panels`` says of which kind, ``quadrature`` solves those that are plain
integrals, ``collocation`` the others; ``route_switch`` finds where one route overtakes the other. ``continuous``
follows a trajectory with the ``step_size`` that suits it, ``dense_output`` reads it, ``peak_pace`` finds its peak.
``from_scratch`` follows training runs, with ``run_start`` for when one begins and ``between_deployments`` for the
software between them.

``windows`` finds the best ones: ``valley`` tells where the trajectory is fastest, ``window_continuation`` guesses one
from the others, ``crossings`` does without a guess. ``outcomes`` puts everything together. ``event_bounds`` decides
events without a trajectory, by ``slowness_bounds``; ``status`` names what can go wrong.
"""
