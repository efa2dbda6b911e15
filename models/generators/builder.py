"""What the generators share: a graph builder with seeded weights, the command line, and inputs to try a model with."""
import argparse
import inspect
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BATCH = "N"


class Graph:
    """Collects nodes and initialisers. Weights are drawn in the order they are asked for, so a seed fixes them all."""

    def __init__(self, name, seed):
        self.name = name
        self.random = np.random.default_rng(seed)
        self.nodes, self.inputs, self.outputs = [], [], []
        self.initializers = {}  # by name, in the order they were made

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name, shape, dtype=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def constant(self, name, value, dtype=np.float32):
        """An initialiser. Asking again with the same name and value shares the first one."""
        tensor = numpy_helper.from_array(np.asarray(value, dtype), name)
        if self.initializers.setdefault(name, tensor) != tensor:
            raise ValueError(f"{name} is already another constant")
        return name

    def ints(self, name, value):
        return self.constant(name, value, np.int64)

    def weight(self, name, shape, fan_in, gain=2.0):
        """Normal with variance gain / fan_in: He's for layers before a ReLU; gain 1 for the others."""
        return self.constant(name, self.random.normal(0, np.sqrt(gain / fan_in), shape))

    def near(self, name, centre, shape, spread=0.1):
        """Values about `centre`: biases and normalisation parameters that are not trivially 0 or 1."""
        return self.constant(name, self.random.uniform(centre - spread, centre + spread, shape))

    def node(self, op, inputs, outputs=1, domain="", **attributes):
        """Adds a node. `outputs` is a name, a list of names or a count; returns a name, or a list where there are several."""
        stem = f"{op}_{len(self.nodes)}"
        if isinstance(outputs, int):
            outputs = [stem + "_out"] if outputs == 1 else [f"{stem}_out_{k}" for k in range(outputs)]
        outputs = [outputs] if isinstance(outputs, str) else outputs
        inputs = [inputs] if isinstance(inputs, str) else inputs
        self.nodes.append(helper.make_node(op, inputs, outputs, name=stem, domain=domain, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def gemm(self, x, name, rows, columns, gain=2.0, output=1):
        """A dense layer as PyTorch exports it on a matrix: Gemm, weights [columns, rows]."""
        weight = self.weight(name + ".weight", [columns, rows], rows, gain)
        return self.node("Gemm", [x, weight, self.near(name + ".bias", 0, [columns])], output, transB=1)

    def dense(self, x, name, rows, columns, gain=2.0):
        """A dense layer as Keras exports it, and PyTorch above rank 2: MatMul, Add, weights [rows, columns]."""
        product = self.node("MatMul", [x, self.weight(name + ".weight", [rows, columns], rows, gain)])
        return self.node("Add", [product, self.near(name + ".bias", 0, [columns])])

    def relu(self, x):
        return self.node("Relu", x)

    def batch_size(self, x):
        """The first dimension of x as an int64 vector of one element, the way tracing exporters find it."""
        shape = self.node("Shape", x)
        first = self.node("Gather", [shape, self.ints("index_0", 0)], axis=0)
        return self.node("Unsqueeze", [first, self.ints("axes_0", [0])])

    def model(self, opset, ir_version=8, ml_opset=None):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, list(self.initializers.values()))
        imports = [helper.make_opsetid("", opset)]
        if ml_opset:
            imports.append(helper.make_opsetid("ai.onnx.ml", ml_opset))
        return helper.make_model(graph, opset_imports=imports, ir_version=ir_version, producer_name="engine-generators")


def parameters(model):
    """Number of floating-point values that the model holds, in initialisers and in the lists of tree ensembles."""
    initializers = sum(int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type == TensorProto.FLOAT)
    return initializers + sum(len(a.floats) for node in model.graph.node for a in node.attribute)


def save(model, path):
    onnx.checker.check_model(model, full_check=True)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    print(f"{Path(path).name}: {model.graph.name}, {parameters(model):,} parameters, {Path(path).stat().st_size:,} bytes")


def command_line(build):
    """`SCRIPT OUT.onnx [--seed S]`, with one more flag for each further parameter of `build`; lists are 16,64,5."""
    parser = argparse.ArgumentParser(description=inspect.getmodule(build).__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT.onnx")
    for name, parameter in inspect.signature(build).parameters.items():
        default, flag = parameter.default, "--" + name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true")
        elif isinstance(default, tuple):
            parser.add_argument(flag, type=lambda text: tuple(map(int, text.split(","))), default=default, help=f"default {','.join(map(str, default))}")
        else:
            parser.add_argument(flag, type=type(default), default=default, help=f"default {default}")
    options = vars(parser.parse_args())
    save(build(**{name: value for name, value in options.items() if name != "out"}), options["out"])


def random_inputs(model, batch, seed):
    """Inputs by name: standard normal floats; integers are sequence lengths, 1 to 8."""
    random, values = np.random.default_rng(seed), {}
    for info in model.graph.input:
        kind = info.type.tensor_type
        shape = [d.dim_value or batch for d in kind.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        floats = np.issubdtype(dtype, np.floating)
        values[info.name] = (random.normal(size=shape) if floats else random.integers(1, 9, shape)).astype(dtype)
    return values
