"""Estimators, resampling and stopping rules: arrays in, numbers out; they know no prior."""
