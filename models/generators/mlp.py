#!/usr/bin/env python3
"""A multilayer perceptron: Gemm and ReLU, Softmax last. By default the jet tagger's size, 16-64-32-32-5."""
from builder import BATCH, Graph, command_line


def build(seed=1, layers=(16, 64, 32, 32, 5)):
    g = Graph("mlp", seed)
    x = g.input("features", [BATCH, layers[0]])
    for k, (rows, columns) in enumerate(zip(layers, layers[1:])):
        last = k == len(layers) - 2
        x = g.gemm(x, f"fc{k}", rows, columns, gain=1 if last else 2)
        x = x if last else g.relu(x)
    g.node("Softmax", x, g.output("scores", [BATCH, layers[-1]]), axis=-1)
    return g.model(opset=13)


if __name__ == "__main__":
    command_line(build)
