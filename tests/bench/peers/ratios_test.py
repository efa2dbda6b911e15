"""Medians of rounds and their intervals (bench/peers/ratios.py)."""

import os
import sys
import unittest

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../bench/peers"))
from ratios import median_interval, ratio_of  # noqa: E402


class MedianInterval(unittest.TestCase):
    def test_few_values_give_their_range(self):
        for values in ([3.0], [2.0, 1.0], [5.0, 1.0, 2.0, 4.0, 3.0]):
            self.assertEqual(median_interval(values), (min(values), max(values)))

    def test_leaves_out_what_95_percent_allow(self):
        # P(the median is outside of [x2, x(n-1)]) = 2 (1 + n) / 2^n: 12.5% for 7, 7.0% for 8, 3.9% for 9.
        for count, left_out in ((7, 0), (8, 0), (9, 1), (20, 5)):
            values = list(range(count))
            self.assertEqual(median_interval(values), (left_out, count - 1 - left_out), count)

    def test_order_does_not_matter(self):
        self.assertEqual(median_interval([9, 1, 8, 2, 7, 3, 6, 4, 5]), (2, 8))

    def test_smaller_coverage_gives_smaller_intervals(self):
        self.assertEqual(median_interval(range(7), coverage=0.8), (1, 5))


class RatioOf(unittest.TestCase):
    def test_is_of_rounds_not_of_medians(self):
        # A machine that slows down for one round slows both sides of it.
        self.assertEqual(ratio_of([1, 10, 1], [2, 20, 2]), (2, 2, 2))

    def test_above_one_if_they_are_slower(self):
        ratio, low, high = ratio_of([10, 10, 10], [15, 20, 25])
        self.assertEqual((ratio, low, high), (2, 1.5, 2.5))

    def test_needs_the_same_rounds(self):
        with self.assertRaises(ValueError):
            ratio_of([1, 2], [1])


if __name__ == "__main__":
    unittest.main()
