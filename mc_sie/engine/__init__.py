"""From prior sets to outcomes or counts: draws, the kernel that simulates them, batches, threads and clusters."""
