"""The science: one law of motion, its retraining modes, its outcomes, as scalar compiled functions of floats.

``ces`` is the production function, ``growth`` the law of motion, ``retraining`` what each mode changes in it,
``chebyshev`` and ``stepping`` the solver, ``timeline`` and ``generations`` follow one trajectory, ``windows`` finds
the fastest stretch, ``trajectory`` puts the outcomes together, ``status`` names what can go wrong.
"""
