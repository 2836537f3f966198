"""Benchmarks: our kernel beside what a competent user would otherwise write."""
