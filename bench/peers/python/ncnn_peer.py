"""ncnn, float32 throughout, on a model that pnnx has converted. Tensors have no batch there."""

import ncnn
import numpy as np

from serve import serve


def make(job):
    net = ncnn.Net()
    net.opt.num_threads = job["threads"]
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage", "use_bf16_packed"):
        setattr(net.opt, name, False)
    if net.load_param(job["settings"]["param"]) or net.load_model(job["settings"]["bin"]):
        raise RuntimeError("the converted model does not load")
    inputs = []
    for _, dtype, shape, file in job["inputs"]:
        array = np.fromfile(file, dtype).reshape(shape[1:])
        inputs.append(ncnn.Mat(array).clone())  # before, it only looks at the array's memory

    def extract(read):
        extractor = net.create_extractor()
        for k, value in enumerate(inputs):
            extractor.input(f"in{k}", value)
        values = []
        for k in range(len(job["outputs"])):
            status, value = extractor.extract(f"out{k}")
            if status:
                raise RuntimeError("a run failed")
            values.append(read(value))
        return values

    # An output's memory belongs to its extractor, so it is copied while that is there.
    return "ncnn", ncnn.__version__, lambda: extract(lambda value: None), lambda: extract(np.array)


serve(make)
