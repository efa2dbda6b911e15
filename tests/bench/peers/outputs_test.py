"""Whether two engines computed the same (bench/peers/outputs.py)."""

import os
import sys
import unittest

try:
    import numpy as np
except ImportError:
    print("skipped: numpy is missing (scripts/setup test)")
    sys.exit(77)

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../bench/peers"))
from outputs import largest_difference  # noqa: E402

INF, NAN = float("inf"), float("nan")


class LargestDifference(unittest.TestCase):
    def check(self, ours, theirs, expected):
        arrays = [[np.asarray(values, np.float32) for values in side] for side in (ours, theirs)]
        self.assertAlmostEqual(largest_difference(*arrays), expected, places=6)

    def test_equal(self):
        self.check([[1, 2]], [[1, 2]], 0)
        self.check([], [], 0)
        self.check([[]], [[]], 0)

    def test_small_outputs_are_not_scaled(self):
        self.check([[0.001, 0.002]], [[0.001, 0.003]], 0.001)

    def test_large_outputs_are(self):
        self.check([[100, -200]], [[101, -200]], 0.005)

    def test_worst_output_counts(self):
        self.check([[0], [1]], [[0], [0.5]], 0.5)

    def test_shapes_may_be_written_differently(self):
        self.check([[[1, 2]]], [[1, 2]], 0)

    def test_another_number_of_values_or_outputs(self):
        self.assertEqual(largest_difference([np.zeros(3)], [np.zeros(2)]), INF)
        self.assertEqual(largest_difference([np.zeros(3)], []), INF)

    def test_finite_in_one_only(self):
        self.check([[1, NAN]], [[1, NAN]], 0)
        self.assertEqual(largest_difference([np.array([1, NAN])], [np.array([1, 2.0])]), INF)
        self.assertEqual(largest_difference([np.array([1, 2.0])], [np.array([1, INF])]), INF)

    def test_integers(self):
        self.assertEqual(largest_difference([np.array([4, 8])], [np.array([4, 6])]), 0.25)


if __name__ == "__main__":
    unittest.main()
