#!/usr/bin/env python3
"""An interaction network (arXiv:1908.05318) on 16 particles per jet: a network per directed pair, a sum, a network per particle, a sum.

--aggregate says how a particle collects its pairs: sum or max (Reshape, Reduce), matmul (with the 0/1 matrix of receivers, as JEDI-net)
or scatter (ScatterND with addition). --neighbours K takes the K nearest particles in the first two features instead of all pairs, found
for each jet by TopK (an edge convolution as ParticleNet's, arXiv:1902.08570); it goes with sum and max.
"""
import numpy as np

from builder import BATCH, Graph, command_line


def all_pairs(g, x, nodes):
    """Receivers and senders [N, nodes * (nodes - 1), features], pairs sorted by receiver."""
    receivers, senders = zip(*[(i, j) for i in range(nodes) for j in range(nodes) if i != j])
    return [g.node("Gather", [x, g.ints(name, index)], axis=1) for name, index in (("receivers", receivers), ("senders", senders))]


def nearest_pairs(g, x, nodes, features, neighbours):
    """As all_pairs for the nearest neighbours: |a|^2 - 2ab + |b|^2, TopK of the negative, the particle itself dropped."""
    place = g.node("Slice", [x, g.ints("slice_from", [0]), g.ints("slice_to", [2]), g.ints("slice_axes", [2])])
    product = g.node("MatMul", [place, g.node("Transpose", place, perm=[0, 2, 1])])
    square = g.node("ReduceSum", [g.node("Mul", [place, place]), g.ints("axes_2", [2])], keepdims=1)
    twice = g.node("Mul", [product, g.constant("two", 2)])
    near = g.node("Sub", [g.node("Sub", [twice, square]), g.node("Transpose", square, perm=[0, 2, 1])])
    off_diagonal = g.node("Sub", [near, g.constant("diagonal", 1e6 * np.eye(nodes))])
    _, index = g.node("TopK", [off_diagonal, g.ints("k", [neighbours])], 2, axis=-1, largest=1, sorted=1)
    senders = g.node("GatherND", [x, g.node("Reshape", [index, g.ints("index_shape", [0, -1, 1])])], batch_dims=1)
    receivers = g.node("Gather", [x, g.ints("receivers", np.repeat(np.arange(nodes), neighbours))], axis=1)
    return receivers, senders


def collect(g, messages, nodes, per_node, width, how):
    """[N, nodes * per_node, width] -> [N, nodes, width]."""
    if how in ("sum", "max"):
        split = g.node("Reshape", [messages, g.ints("per_receiver", [-1, nodes, per_node, width])])
        if how == "sum":
            return g.node("ReduceSum", [split, g.ints("axes_2", [2])], keepdims=0)
        return g.node("ReduceMax", split, axes=[2], keepdims=0)
    receivers = np.repeat(np.arange(nodes), per_node)
    if how == "matmul":
        return g.node("MatMul", [g.constant("incidence", receivers == np.arange(nodes)[:, None]), messages])
    if how != "scatter":
        raise SystemExit(f"--aggregate {how} is unknown: sum, max, matmul or scatter")
    shape = g.node("Concat", [g.ints("nodes", [nodes]), g.batch_size(messages), g.ints("message_width", [width])], axis=0)
    zeros = g.node("ConstantOfShape", shape)
    pairs_first = g.node("Transpose", messages, perm=[1, 0, 2])
    total = g.node("ScatterND", [zeros, g.ints("receiver_rows", receivers[:, None]), pairs_first], reduction="add")
    return g.node("Transpose", total, perm=[1, 0, 2])


def mlp(g, x, name, layers, gain=2.0):
    """Dense layers, each with ReLU; `gain` is the last one's."""
    for k, (rows, columns) in enumerate(zip(layers, layers[1:])):
        x = g.relu(g.dense(x, f"{name}.{k}", rows, columns, gain if k == len(layers) - 2 else 2))
    return x


def build(seed=63, aggregate="sum", neighbours=0, nodes=16, features=6, hidden=32, message=16, classes=5):
    if neighbours and aggregate not in ("sum", "max"):
        raise SystemExit("--neighbours goes with --aggregate sum or max")
    g = Graph("graph_network", seed)
    x = g.input("particles", [BATCH, nodes, features])
    pairs = nearest_pairs(g, x, nodes, features, neighbours) if neighbours else all_pairs(g, x, nodes)
    per_node = neighbours or nodes - 1
    gain = 2 if aggregate == "max" else 2 / per_node**2  # messages are not negative: their sum grows with their number
    messages = mlp(g, g.node("Concat", pairs, axis=2), "edge", [2 * features, hidden, message], gain)
    received = collect(g, messages, nodes, per_node, message, aggregate)
    states = mlp(g, g.node("Concat", [x, received], axis=2), "node", [features + message, hidden, message])
    jet = g.node("ReduceSum", [states, g.ints("axes_1", [1])], keepdims=0)
    jet = g.node("Mul", [jet, g.constant("per_particle", 1 / nodes)])
    jet = g.relu(g.gemm(jet, "jet", message, hidden))
    g.node("Softmax", g.gemm(jet, "classifier", hidden, classes, gain=1), g.output("scores", [BATCH, classes]), axis=-1)
    return g.model(opset=16)


if __name__ == "__main__":
    command_line(build)
