"""Networks as fused steps (bench/peers/conv_plan.py)."""

import os
import sys
import unittest

try:
    import numpy as np
    import onnx  # noqa: F401
except ImportError:
    print("skipped: numpy or onnx is missing (scripts/setup test)")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(__file__), "../../..")
sys.path += [os.path.join(ROOT, "bench/peers"), os.path.join(ROOT, "models/generators")]
import gru_tagger  # noqa: E402
import mobilenet  # noqa: E402
import resnet50  # noqa: E402
from builder import Graph  # noqa: E402
from conv_plan import Plan  # noqa: E402
from worker import Cannot  # noqa: E402


def words(model):
    """The steps, without the names of nodes."""
    return [step.words(out).split(" Conv_")[0] for out, step in enumerate(Plan(model).steps, 1)]


class Steps(unittest.TestCase):
    def test_residual_is_what_is_there_before_the_last_convolution(self):
        steps = words(resnet50.build(width=4, blocks=(2,), size=32, classes=3))
        self.assertEqual(steps, [
            "conv 0 1 -1 relu 4 3 7 7 2 2 3 3 3 3 1",
            "maxpool 1 2 3 3 2 2 1 1 1 1",
            "conv 2 3 -1 relu 4 4 1 1 1 1 0 0 0 0 1",
            "conv 3 4 -1 relu 4 4 3 3 1 1 1 1 1 1 1",
            "conv 4 5 -1 none 16 4 1 1 1 1 0 0 0 0 1",
            "conv 2 6 5 relu 16 4 1 1 1 1 0 0 0 0 1",  # the branch around the block
            "conv 6 7 -1 relu 4 16 1 1 1 1 0 0 0 0 1",
            "conv 7 8 -1 relu 4 4 3 3 1 1 1 1 1 1 1",
            "conv 8 9 6 relu 16 4 1 1 1 1 0 0 0 0 1",
            "mean 9 10",
            "dense 10 11 3 16",
        ])

    def test_depthwise(self):
        self.assertIn("conv 1 2 -1 relu6 32 32 3 3 1 1 1 1 1 1 32", words(mobilenet.build(size=32, classes=3)))

    def test_norms_are_folded(self):
        g = Graph("norm", seed=1)
        weight = g.constant("w", np.ones([2, 1, 1, 1]))
        x = g.node("Conv", [g.input("x", [1, 1, 4, 4]), weight])
        values = [g.constant(name, [value] * 2) for name, value in zip("gbmv", (6, 5, 1, 4))]
        g.node("BatchNormalization", [x, *values], g.output("y", [1, 2, 4, 4]), epsilon=0.0)
        step, = Plan(g.model(opset=13)).steps
        np.testing.assert_allclose(step.weights.ravel(), [3, 3])
        np.testing.assert_allclose(step.bias, [2, 2])  # (0 - 1) * 3 + 5

    def test_convolutions_have_the_name_of_their_node(self):
        model = resnet50.build(width=4, blocks=(1,), size=32, classes=3)
        names = [node.name for node in model.graph.node if node.op_type == "Conv"]
        self.assertEqual([step.numbers[-1] for step in Plan(model).steps if step.kind == "conv"], names)

    def test_other_networks_are_refused(self):
        with self.assertRaisesRegex(Cannot, "only for networks"):
            Plan(gru_tagger.build(steps=3, hidden=4))


if __name__ == "__main__":
    unittest.main()
