"""The field's published models, one source a file, rebuilt as their authors describe or code them.

Each replica follows the published *procedure*, slips included, and knows nothing of our kernel; beside it the same
question is put to our law of motion. :mod:`mc_sie.published.targets` gathers what every source printed and judges how
well it comes back.
"""
