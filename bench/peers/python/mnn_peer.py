"""MNN, high precision (float32), on a model that mnnconvert has converted."""

import MNN
import MNN.expr as expr
import numpy as np

from serve import serve


def make(job):
    manager = MNN.nn.create_runtime_manager(
        ({"backend": "CPU", "precision": "high", "memory": "high", "numThread": job["threads"]},))
    names = [[name for name, *_ in job[side]] for side in ("inputs", "outputs")]
    module = MNN.nn.load_module_from_file(job["settings"]["mnn"], *names, runtime_manager=manager, shape_mutable=False)
    types = {"float32": expr.float, "int32": expr.int}
    inputs = []
    for _, dtype, shape, file in job["inputs"]:
        variable = expr.placeholder(shape, expr.NCHW, types[dtype])
        variable.write(np.fromfile(file, dtype).reshape(shape))
        inputs.append(variable)

    def run():
        return module.forward(inputs)

    def outputs():
        return [np.ascontiguousarray(expr.convert(value, expr.NCHW).read()) for value in run()]

    return "mnn", MNN.version(), run, outputs


serve(make)
