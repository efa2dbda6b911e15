#!/usr/bin/env python3
"""Boosted decision trees of ai.onnx.ml: TreeEnsembleClassifier, or with --regressor TreeEnsembleRegressor. Random, but valid.

By default each tree adds to one class, as XGBoost's do, and SOFTMAX ends it. With --forest each leaf holds all classes' shares and
the trees are averaged, as scikit-learn's random forests. One node in ten above the last level is a leaf, so depths differ.
Conditions are --mode BRANCH_LEQ (scikit-learn, LightGBM) or BRANCH_LT (XGBoost); --missing sends NaN down the true branch of every other node.
"""
import numpy as np
from onnx import TensorProto

from builder import BATCH, Graph, command_line


class Trees:
    """The parallel lists that the operator takes as attributes. A leaf is a list of (target, value)."""

    def __init__(self, random, features, depth, mode):
        self.random, self.features, self.depth, self.mode = random, features, depth, mode
        self.nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}
        self.leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def add(self, tree, leaf):
        self.count = 0
        self.grow(tree, 0, leaf)

    def grow(self, tree, level, leaf):
        """Appends a node and all below it; returns its id. Ids count in the order of a walk, parents first."""
        own, row = self.count, len(self.nodes["treeids"])
        self.count += 1
        is_leaf = level == self.depth or (level > 0 and self.random.random() < 0.1)
        values = dict(treeids=tree, nodeids=own, featureids=0, values=0.0, modes="LEAF", truenodeids=0, falsenodeids=0)
        if not is_leaf:
            values.update(featureids=int(self.random.integers(self.features)), values=float(np.float32(self.random.normal())), modes=self.mode)
        for key, value in values.items():
            self.nodes[key].append(value)
        if is_leaf:
            self.add_leaf(tree, own, leaf)
        else:
            self.nodes["truenodeids"][row] = self.grow(tree, level + 1, leaf)
            self.nodes["falsenodeids"][row] = self.grow(tree, level + 1, leaf)
        return own

    def add_leaf(self, tree, node, leaf):
        for target, value in leaf():
            for key, entry in (("treeids", tree), ("nodeids", node), ("ids", target), ("weights", float(np.float32(value)))):
                self.leaves[key].append(entry)

    def attributes(self, prefix, missing):
        found = {f"nodes_{key}": value for key, value in self.nodes.items()}
        found.update({f"{prefix}_{key}": value for key, value in self.leaves.items()})
        if missing:
            found["nodes_missing_value_tracks_true"] = [k % 2 for k in range(len(self.nodes["treeids"]))]
        return found


def build(seed=64, regressor=False, forest=False, missing=False, mode="BRANCH_LEQ", trees=100, depth=4, features=16, classes=5):
    g = Graph("boosted_trees", seed)
    x = g.input("features", [BATCH, features])
    ensemble = Trees(g.random, features, depth, mode)
    outputs = 1 if regressor else classes
    for tree in range(trees):
        if forest and not regressor:
            leaf = lambda: enumerate(g.random.dirichlet(np.ones(outputs)) / trees)
        else:
            leaf = lambda: [(tree % outputs, g.random.normal(0, 0.3))]
        ensemble.add(tree, leaf)
    base = [float(np.float32(v)) for v in g.random.normal(0, 0.1, outputs)]
    if regressor:
        g.node("TreeEnsembleRegressor", x, g.output("target", [BATCH, 1]), domain="ai.onnx.ml", n_targets=1, aggregate_function="SUM",
               post_transform="NONE", base_values=base, **ensemble.attributes("target", missing))
    else:
        names = [g.output("label", [BATCH], TensorProto.INT64), g.output("probabilities", [BATCH, classes])]
        finish = {"post_transform": "NONE"} if forest else {"post_transform": "SOFTMAX", "base_values": base}
        g.node("TreeEnsembleClassifier", x, names, domain="ai.onnx.ml", classlabels_int64s=list(range(classes)), **finish,
               **ensemble.attributes("class", missing))
    return g.model(opset=17, ml_opset=3)


if __name__ == "__main__":
    command_line(build)
