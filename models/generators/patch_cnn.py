#!/usr/bin/env python3
"""A patch classifier as used on wire planes: Conv 5x5, ReLU, average pool, two dense layers, heads em/trk/none and michel.

Plain NCHW as PyTorch exports it, or with --nhwc as Keras does through tf2onnx: Transpose on both sides of the convolution, the
flattened shape computed by nodes, MatMul and Add. --pool 1 leaves the pool out: 11.9 million parameters, the published network.
"""
from builder import BATCH, Graph, command_line


def flatten_as_keras(g, x, count):
    """[N, h, w, c] -> [N, count] by way of Shape, Cast, Slice and Concat."""
    shape = g.node("Cast", g.node("Shape", x), to=6)  # int32, as TensorFlow counts
    batch = g.node("Slice", [shape, g.ints("slice_from", [0]), g.ints("slice_to", [1]), g.ints("slice_axes", [0])])
    target = g.node("Concat", [batch, g.constant("flat", [count], "int32")], axis=0)
    return g.node("Reshape", [x, g.node("Cast", target, to=7)])


def build(seed=48, nhwc=False, size=48, filters=48, pool=4, dense=(128, 32)):
    g = Graph("patch_cnn", seed)
    if nhwc:
        x = g.node("Transpose", g.input("main_input", [BATCH, size, size, 1]), perm=[0, 3, 1, 2])
    else:
        x = g.input("patch", [BATCH, 1, size, size])
    weight = g.weight("conv.weight", [filters, 1, 5, 5], 25)
    x = g.relu(g.node("Conv", [x, weight, g.near("conv.bias", 0, [filters])], kernel_shape=[5, 5]))
    if pool > 1:
        x = g.node("AveragePool", x, kernel_shape=[pool, pool], strides=[pool, pool])
    count = filters * ((size - 4) // pool) ** 2
    x = flatten_as_keras(g, g.node("Transpose", x, perm=[0, 2, 3, 1]), count) if nhwc else g.node("Flatten", x, axis=1)
    layer = g.dense if nhwc else g.gemm
    for k, columns in enumerate(dense):
        x = g.relu(layer(x, f"fc{k}", count, columns))
        count = columns
    g.node("Softmax", layer(x, "em_trk_none", count, 3, gain=1), g.output("em_trk_none_netout", [BATCH, 3]), axis=-1)
    g.node("Sigmoid", layer(x, "michel", count, 1, gain=1), g.output("michel_netout", [BATCH, 1]))
    return g.model(opset=13)


if __name__ == "__main__":
    command_line(build)
