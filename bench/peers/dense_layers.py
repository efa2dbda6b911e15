"""The layers of a multilayer perceptron, for peers that read no ONNX."""

import numpy as np
from onnx import helper, numpy_helper

from worker import Cannot


def layers_of(model):
    """[(weights [inputs, outputs], bias)] of Gemm, Relu, Gemm, ..., Gemm, Softmax; else Cannot."""
    graph = model.graph
    kinds = [node.op_type for node in graph.node]
    depth = (len(kinds) + 1) // 2
    if not kinds or kinds != ["Gemm", "Relu"] * (depth - 1) + ["Gemm", "Softmax"]:
        raise Cannot("only for networks of Gemm, Relu, ..., Gemm, Softmax")
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = []
    for node in graph.node[::2]:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if attributes.pop("transB", 0):
            constants[node.input[1]] = constants[node.input[1]].T
        if any(attributes.get(key, 1) != 1 for key in ("alpha", "beta")) or attributes.get("transA", 0):
            raise Cannot("only for Gemm without factors")
        layers.append((constants[node.input[1]], constants[node.input[2]]))
    return layers


def write_layers(model, file):
    """Writes the weights as native/mlp/network.h reads them; returns its settings."""
    layers = layers_of(model)
    with open(file, "wb") as out:
        for weights, bias in layers:
            np.ascontiguousarray(weights, np.float32).tofile(out)
            np.ascontiguousarray(bias, np.float32).tofile(out)
    widths = [layers[0][0].shape[0], *(weights.shape[1] for weights, _ in layers)]
    return {"weights": file, "layers": " ".join(map(str, widths))}
