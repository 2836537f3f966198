"""Text that people write and read: numbers, tables of cells, and words of others that must stay words."""
