"""Figures and reports. One function a figure: tables in, figure out."""
