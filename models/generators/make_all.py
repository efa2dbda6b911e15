#!/usr/bin/env python3
"""Makes every model: make_all.py DIR. With --small, narrow ones that a test can carry instead."""
import argparse
from pathlib import Path

import attention_tagger
import boosted_trees
import graph_network
import gru_tagger
import lstm_tagger
import mlp
import mobilenet
import patch_cnn
import resnet50
from builder import save

FULL = {
    "mlp": (mlp, {}),
    "resnet50": (resnet50, {}),
    "mobilenet": (mobilenet, {}),
    "patch_cnn": (patch_cnn, {}),
    "patch_cnn_nhwc": (patch_cnn, {"nhwc": True}),
    "lstm_tagger": (lstm_tagger, {}),
    "lstm_tagger_bidirectional": (lstm_tagger, {"bidirectional": True, "lengths": True, "layers": 2}),
    "gru_tagger": (gru_tagger, {}),
    "gru_tagger_bidirectional": (gru_tagger, {"bidirectional": True, "reset_first": True}),
    "attention_tagger": (attention_tagger, {}),
    "attention_tagger_fused": (attention_tagger, {"fused": True}),
    "graph_network": (graph_network, {}),
    "graph_network_max": (graph_network, {"aggregate": "max"}),
    "graph_network_matmul": (graph_network, {"aggregate": "matmul"}),
    "graph_network_scatter": (graph_network, {"aggregate": "scatter"}),
    "graph_network_neighbours": (graph_network, {"aggregate": "max", "neighbours": 7}),
    "boosted_trees": (boosted_trees, {}),
    "boosted_trees_forest": (boosted_trees, {"forest": True, "mode": "BRANCH_LT", "missing": True}),
    "boosted_trees_regressor": (boosted_trees, {"regressor": True}),
}

SMALL = {
    "lstm": (lstm_tagger, {"hidden": 16, "lengths": True}),
    "gru": (gru_tagger, {"hidden": 16, "bidirectional": True, "layers": 2}),
    "attention": (attention_tagger, {"width": 16, "heads": 2, "hidden": 32}),
    "attention_fused": (attention_tagger, {"width": 16, "heads": 2, "hidden": 32, "fused": True}),
    "graph_network": (graph_network, {"hidden": 16, "message": 8, "aggregate": "scatter"}),
    "patch_cnn_nhwc": (patch_cnn, {"nhwc": True, "filters": 6, "dense": (24, 12)}),
    "boosted_trees": (boosted_trees, {}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    for name, (module, options) in (SMALL if args.small else FULL).items():
        save(module.build(**options), args.folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
