"""Medians of rounds, and how far to trust them."""

from math import comb
from statistics import median


def median_interval(values, coverage=0.95):
    """Smallest interval between two order statistics that holds the median with at least `coverage`.

    It assumes nothing about how times are distributed. Fewer than six values cannot reach 95%: then
    it is their whole range.
    """
    ordered = sorted(values)
    count, outside, left_out = len(ordered), 0.0, 0
    for below in range((count - 1) // 2):
        outside += 2 * comb(count, below) / 2**count
        if 1 - outside < coverage:
            break
        left_out = below
    return ordered[left_out], ordered[count - 1 - left_out]


def ratio_of(ours, theirs):
    """(median, low, high) of their time by ours, round by round: above 1 we are faster."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return median(ratios), *median_interval(ratios)
