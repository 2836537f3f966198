"""Davidson & Houlden's recursion as the peers write it: numbers that they share.

Labour-equivalent software doubles again and again; each doubling takes dt months, after it the returns r fall by r0/D,
with D = 8 doublings for each year of progress left, and ``dt *= 2^(p (1/r - 1))``. No step starts after 48 months. The
one event: 24 doublings ("3 years of progress") in strictly less than 12 months, in a window that starts at a doubling.
"""

DOUBLINGS_PER_YEAR = 8.0
FIRST_MONTHS = 3.0
HORIZON_MONTHS = 48.0
WANTED = 24
WINDOW_MONTHS = 12.0
