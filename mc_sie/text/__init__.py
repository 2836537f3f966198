"""What people write and read: numbers, tables of cells, and text of others that must stay text."""
