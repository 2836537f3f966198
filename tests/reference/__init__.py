"""Slow and obvious solutions that share no code with what they check, and the rows that are tried on both."""
