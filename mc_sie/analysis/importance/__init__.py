"""Weighted draws: rare events, and prior sets conditioned on evidence."""
