"""Figures of reports, one module a subject."""
