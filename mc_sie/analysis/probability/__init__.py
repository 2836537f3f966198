"""Probabilities and quantiles of one simulation, and whether they have converged."""
