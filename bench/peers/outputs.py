"""Whether two engines computed the same."""

import math

import numpy as np


def largest_difference(ours, theirs):
    """Largest difference of two lists of arrays, each by its largest value if that is above 1.

    Infinite if an output has another number of values, or is finite in one and not in the other.
    """
    if len(ours) != len(theirs):
        return math.inf
    return max((difference(a, b) for a, b in zip(ours, theirs)), default=0.0)


def difference(ours, theirs):
    a, b = (np.asarray(x, np.float64).ravel() for x in (ours, theirs))
    if a.size != b.size or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return math.inf
    finite = np.isfinite(a)
    a, b = a[finite], b[finite]
    if a.size == 0:
        return 0.0
    return float(np.abs(a - b).max() / max(np.abs(a).max(), 1.0))
