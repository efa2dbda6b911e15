"""A convolutional network as steps for peers that read no ONNX: norms folded, sums and activations fused.

    conv IN OUT RESIDUAL ACTIVATION FILTERS CHANNELS KERNEL(2) STRIDES(2) PADS(4) GROUPS NODE
    maxpool IN OUT KERNEL(2) STRIDES(2) PADS(4)
    mean IN OUT
    dense IN OUT UNITS INPUTS

Values are numbered, 0 is the input. RESIDUAL is a value that is added, and dead after it, or -1.
"""

from dataclasses import dataclass, field

import numpy as np
from onnx import helper, numpy_helper

from worker import Cannot

REFUSED = "only for networks of convolutions, norms, sums, ReLU, pooling and a dense layer, one input and one output"


@dataclass
class Step:
    kind: str
    source: int
    numbers: list = field(default_factory=list)
    weights: np.ndarray = None
    bias: np.ndarray = None
    residual: int = -1
    activation: str = "none"

    def words(self, out):
        fused = [self.residual, self.activation] if self.kind == "conv" else []
        return " ".join(map(str, [self.kind, self.source, out, *fused, *self.numbers]))


class Plan:
    """Walks the graph once. A value is the number of the step that makes it, counted from 1."""

    def __init__(self, model):
        graph = model.graph
        if len(graph.input) > 1 or len(graph.output) > 1:
            raise Cannot(REFUSED)
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.steps, self.values = [], {graph.input[0].name: 0}
        self.uses = {}
        for node in graph.node:
            for name in node.input:
                self.uses[name] = self.uses.get(name, 0) + 1
        for node in graph.node:
            add = getattr(self, "add_" + node.op_type.lower(), None)
            if add is None:
                raise Cannot(REFUSED)
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            self.values[node.output[0]] = add(node, attributes)
        if self.values[graph.output[0].name] != len(self.steps):
            raise Cannot(REFUSED)

    def step(self, *arguments):
        self.steps.append(Step(*arguments))
        return len(self.steps)

    def only_user(self, name, value):
        """The step that made a value, which may take in the node that reads it."""
        if self.uses[name] != 1 or value == 0 or self.steps[value - 1].kind != "conv":
            raise Cannot(REFUSED)
        return self.steps[value - 1]

    def add_conv(self, node, attributes):
        weights = self.constants[node.input[1]]
        bias = self.constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(weights), np.float32)
        if any(n != 1 for n in attributes.get("dilations", [1])) or weights.ndim != 4:
            raise Cannot(REFUSED)
        groups = attributes.get("group", 1)
        numbers = [len(weights), weights.shape[1] * groups, *weights.shape[2:], *attributes.get("strides", [1, 1]),
                   *attributes.get("pads", [0] * 4), groups, "_".join((node.name or node.output[0]).split())]
        return self.step("conv", self.values[node.input[0]], numbers, weights, bias)

    def add_batchnormalization(self, node, attributes):
        value = self.values[node.input[0]]
        conv = self.only_user(node.input[0], value)
        scale, shift, mean, variance = (self.constants[name].astype(np.float64) for name in node.input[1:])
        factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
        conv.weights = conv.weights * factor[:, None, None, None]
        conv.bias = (conv.bias - mean) * factor + shift
        return value

    def add_relu(self, node, _):
        value = self.values[node.input[0]]
        self.only_user(node.input[0], value).activation = "relu"
        return value

    def add_clip(self, node, _):
        if [float(self.constants.get(name, np.nan)) for name in node.input[1:]] != [0, 6]:
            raise Cannot(REFUSED)
        value = self.values[node.input[0]]
        self.only_user(node.input[0], value).activation = "relu6"
        return value

    def add_add(self, node, _):
        names = sorted(node.input, key=lambda name: self.values[name])
        residual, value = (self.values[name] for name in names)
        conv = self.only_user(names[1], value)
        conv.residual = residual
        return value

    def add_maxpool(self, node, attributes):
        numbers = [*attributes["kernel_shape"], *attributes.get("strides", [1, 1]), *attributes.get("pads", [0] * 4)]
        return self.step("maxpool", self.values[node.input[0]], numbers)

    def add_globalaveragepool(self, node, _):
        return self.step("mean", self.values[node.input[0]])

    def add_flatten(self, node, _):
        return self.values[node.input[0]]

    def add_gemm(self, node, attributes):
        weights = self.constants[node.input[1]]
        weights = weights if attributes.get("transB", 0) else weights.T
        return self.step("dense", self.values[node.input[0]], list(weights.shape), weights, self.constants[node.input[2]])


def write_plan(model, folder):
    """Writes the steps and their weights; returns the settings of native/onednn_main.cc."""
    plan = Plan(model)
    text, weights = folder / "plan.txt", folder / "plan_weights.bin"
    text.write_text("".join(step.words(out) + "\n" for out, step in enumerate(plan.steps, 1)))
    with open(weights, "wb") as file:
        for step in plan.steps:
            for array in (step.weights, step.bias):
                if array is not None:
                    np.ascontiguousarray(array, np.float32).tofile(file)
    return {"plan": text, "weights": weights}
