"""Single layers beside those of a peer (bench/peers/layers.py)."""

import os
import sys
import unittest

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../bench/peers"))
from layers import rows_of, total  # noqa: E402

ROUNDS = [({"a": 10, "b": 4, "ours": 1}, {"a": 20, "b": 2, "theirs": 9}),
          ({"a": 12, "b": 4, "ours": 1}, {"a": 36, "b": 2, "theirs": 9})]


class Layers(unittest.TestCase):
    def test_rows_are_of_nodes_that_both_have(self):
        a, b = rows_of(ROUNDS)
        self.assertEqual(a, {"node": "a", "engine_ns": 11, "peer_ns": 28, "ratio": 2.5, "low": 2, "high": 3})
        self.assertEqual((b["node"], b["ratio"]), ("b", 0.5))

    def test_total_is_the_ratio_of_sums(self):
        row = total(list(rows_of(ROUNDS)))
        self.assertEqual((row["engine_ns"], row["peer_ns"], row["ratio"]), (15, 30, 2))

    def test_nothing_in_common(self):
        self.assertEqual(list(rows_of([({"a": 1}, {"b": 1})])), [])


if __name__ == "__main__":
    unittest.main()
