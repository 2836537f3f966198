"""Drivers of the probability: given-data measures, variance-based indices, value of information, scenario discovery."""
