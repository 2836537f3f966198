"""One-dimensional distributions: families, mixtures, tables, and fits to stated quantiles; they know no quantity."""
