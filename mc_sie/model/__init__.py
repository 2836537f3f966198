"""The science: one law of motion, its retraining modes, its outcomes, as scalar compiled functions of floats.

``ces`` is the production function, ``law`` the law of motion, ``retraining`` the equations of each mode; ``chebyshev``
and ``collocation`` solve them on a panel, with ``elementary`` functions and the steps of ``rootfinding``.
``continuous`` and ``from_scratch`` follow one trajectory in a ``workspace``, ``windows`` finds its fastest stretch,
``outcomes`` puts everything together. ``event_bounds`` decides events without a trajectory, ``status`` names what can
go wrong.
"""
