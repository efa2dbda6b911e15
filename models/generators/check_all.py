#!/usr/bin/env python3
"""Checks every DIR/*.onnx: onnx.checker, a run in onnxruntime at batch 1 and 3, and that a sample's result does not hang on its batch.

With --cases OUT also writes ONNX test-case folders, OUT/NAME/model.onnx and OUT/NAME/test_data_set_K/{input,output}_J.pb: K = 0 has
batch 3, K = 1 batch 1, inputs are random, outputs are onnxruntime's with graph optimisation off.
"""
import argparse
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from builder import random_inputs

TOLERANCE = 1e-5


def session(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check(path):
    """[(inputs, outputs)] by name for batch 3 and batch 1, whose sample is the first of the three."""
    onnx.checker.check_model(str(path), full_check=True)
    model, engine = onnx.load(str(path)), session(path)
    if any(info.type.tensor_type.shape.dim[0].dim_param != "N" for info in [*model.graph.input, *model.graph.output]):
        raise ValueError("an input or output does not begin with the free dimension N")
    three = random_inputs(model, batch=3, seed=0)
    one = {name: value[:1] for name, value in three.items()}
    names = [info.name for info in model.graph.output]
    sets = [(inputs, dict(zip(names, engine.run(names, inputs)))) for inputs in (three, one)]
    for name in names:
        together, alone = sets[0][1][name], sets[1][1][name]
        if not np.isfinite(together).all():
            raise ValueError(f"{name} is not finite")
        if not np.allclose(together[:1], alone, rtol=TOLERANCE, atol=TOLERANCE):
            raise ValueError(f"{name} of one sample depends on its batch")
    return sets


def write_case(folder, path, sets):
    if folder.exists():
        shutil.rmtree(folder)
    for k, arrays in enumerate(sets):
        data = folder / f"test_data_set_{k}"
        data.mkdir(parents=True)
        for kind, values in zip(("input", "output"), arrays):
            for j, (name, value) in enumerate(values.items()):
                (data / f"{kind}_{j}.pb").write_bytes(numpy_helper.from_array(value, name).SerializeToString())
    shutil.copyfile(path, folder / "model.onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--cases", metavar="OUT", type=Path)
    args = parser.parse_args()
    paths, wrong = sorted(args.folder.glob("*.onnx")), 0
    for path in paths:
        try:
            sets = check(path)
        except Exception as error:  # whatever the libraries throw is a finding about this one model
            wrong += 1
            print(f"FAIL  {path.name}: {error}")
            continue
        shapes = ", ".join(f"{name} {list(value.shape)} in [{value.min():.3g}, {value.max():.3g}]" for name, value in sets[0][1].items())
        print(f"ok    {path.name}: {shapes}")
        if args.cases:
            write_case(args.cases / path.stem, path, sets)
    print(f"{len(paths) - wrong} of {len(paths)} models are right")
    sys.exit(1 if wrong or not paths else 0)


if __name__ == "__main__":
    main()
