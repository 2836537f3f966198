"""Results on disk: folders, records, tables and checkpoints."""
