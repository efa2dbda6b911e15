#!/usr/bin/env python3
"""A jet tagger: a transformer encoder (post-norm) over 60 constituents of 6 features, as PyTorch's exporters emit it.

LayerNormalization and Gelu come in their parts; --fused writes them as operators instead (opset 20), with the same weights.
No position is encoded: the scores do not depend on the order of the constituents, beyond rounding.
"""
import numpy as np

from builder import BATCH, Graph, command_line


def layer_norm(g, x, name, width, fused):
    scale, shift = g.near(name + ".weight", 1, [width]), g.near(name + ".bias", 0, [width])
    if fused:
        return g.node("LayerNormalization", [x, scale, shift], axis=-1, epsilon=1e-5)
    centred = g.node("Sub", [x, g.node("ReduceMean", x, axes=[-1], keepdims=1)])
    square = g.node("Pow", [centred, g.constant("two", 2)])
    variance = g.node("ReduceMean", square, axes=[-1], keepdims=1)
    deviation = g.node("Sqrt", g.node("Add", [variance, g.constant("epsilon", 1e-5)]))
    unit = g.node("Div", [centred, deviation])
    return g.node("Add", [g.node("Mul", [unit, scale]), shift])


def gelu(g, x, fused):
    if fused:
        return g.node("Gelu", x)
    erf = g.node("Erf", g.node("Div", [x, g.constant("sqrt_two", np.sqrt(2))]))
    product = g.node("Mul", [x, g.node("Add", [erf, g.constant("one", 1)])])
    return g.node("Mul", [product, g.constant("half", 0.5)])


def attention(g, x, name, steps, width, heads, batch):
    """x [N, steps, width] -> the same; each head attends to width / heads of it."""
    split = g.node("Concat", [batch, g.ints("split_heads", [steps, heads, width // heads])], axis=0)
    merge = g.node("Concat", [batch, g.ints("merge_heads", [steps, width])], axis=0)

    def project(which, perm):
        y = g.dense(x, f"{name}.{which}_proj", width, width, gain=1)
        return g.node("Transpose", g.node("Reshape", [y, split]), perm=perm)

    query, key, value = project("q", [0, 2, 1, 3]), project("k", [0, 2, 3, 1]), project("v", [0, 2, 1, 3])
    scores = g.node("Div", [g.node("MatMul", [query, key]), g.constant("sqrt_head", np.sqrt(width // heads))])
    heads_out = g.node("MatMul", [g.node("Softmax", scores, axis=-1), value])
    joined = g.node("Reshape", [g.node("Transpose", heads_out, perm=[0, 2, 1, 3]), merge])
    return g.dense(joined, f"{name}.out_proj", width, width, gain=1)


def build(seed=62, fused=False, steps=60, features=6, width=64, heads=4, hidden=256, layers=2, classes=5):
    g = Graph("attention_tagger", seed)
    jets = g.input("constituents", [BATCH, steps, features])
    batch = g.batch_size(jets)
    x = g.dense(jets, "embed", features, width, gain=1)
    for k in range(layers):
        name = f"layers.{k}"
        x = g.node("Add", [x, attention(g, x, f"{name}.self_attn", steps, width, heads, batch)])
        x = layer_norm(g, x, f"{name}.norm1", width, fused)
        y = gelu(g, g.dense(x, f"{name}.linear1", width, hidden), fused)
        x = g.node("Add", [x, g.dense(y, f"{name}.linear2", hidden, width, gain=1)])
        x = layer_norm(g, x, f"{name}.norm2", width, fused)
    if fused:
        x = g.node("ReduceMean", [x, g.ints("axes_1", [1])], keepdims=0)  # axes are an input since opset 18
    else:
        x = g.node("ReduceMean", x, axes=[1], keepdims=0)
    g.node("Softmax", g.gemm(x, "classifier", width, classes, gain=1), g.output("scores", [BATCH, classes]), axis=-1)
    return g.model(opset=20, ir_version=9) if fused else g.model(opset=13)


if __name__ == "__main__":
    command_line(build)
