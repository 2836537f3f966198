"""The engine: draws in, outcomes out. ``run`` is the only door."""
