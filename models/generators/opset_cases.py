#!/usr/bin/env python3
"""Writes the operator cases that the installed `onnx` package holds for its own backends as test-case folders: opset_cases.py OUT_DIR.

OUT_DIR/NAME/model.onnx and OUT_DIR/NAME/test_data_set_K/{input,output}_J.pb (TensorProto, SequenceProto or OptionalProto, as the graph
says). Taken are models that import ONNX's operators at opset 18 or newer, or ai.onnx.ml at 4 or newer.
"""
import argparse
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases


def serialise(value, info):
    """The protobuf of `value` for the graph input or output `info`."""
    if isinstance(value, TensorProto):
        named = TensorProto()
        named.CopyFrom(value)
        named.name = info.name
        return named.SerializeToString()
    convert = {"tensor_type": lambda v, name: numpy_helper.from_array(np.asarray(v), name), "sequence_type": numpy_helper.from_list,
               "optional_type": numpy_helper.from_optional, "map_type": numpy_helper.from_dict}
    return convert[info.type.WhichOneof("value")](value, info.name).SerializeToString()


def write(case, folder):
    if folder.exists():
        shutil.rmtree(folder)
    for k, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{k}"
        data.mkdir(parents=True)
        for kind, values, infos in (("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)):
            for j, (value, info) in enumerate(zip(values, infos, strict=True)):
                (data / f"{kind}_{j}.pb").write_bytes(serialise(value, info))
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())


def newest(case, domains):
    return max((o.version for o in case.model.opset_import if o.domain in domains), default=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT_DIR", type=Path)
    parser.add_argument("--min-opset", type=int, default=18, help="default 18")
    parser.add_argument("--min-ml-opset", type=int, default=4, help="default 4")
    args = parser.parse_args()
    with np.errstate(all="ignore"):  # some cases overflow or divide by zero on purpose
        cases = collect_testcases()
    written, failed = Counter(), []
    for case in cases:
        opset, ml = newest(case, ("", "ai.onnx")), newest(case, ("ai.onnx.ml",))
        if opset < args.min_opset and ml < args.min_ml_opset:
            continue
        try:
            write(case, args.out / case.name)
        except Exception as error:  # one that this version of the package cannot serialise must not hide the rest
            shutil.rmtree(args.out / case.name, ignore_errors=True)
            failed.append(f"{case.name}: {type(error).__name__}: {error}")
            continue
        written[f"opset {opset}" if opset else f"ai.onnx.ml {ml}"] += 1
    print("\n".join(failed))
    print(f"{sum(written.values())} cases written, {len(failed)} could not be: " + ", ".join(f"{count} of {key}" for key, count in sorted(written.items())))


if __name__ == "__main__":
    main()
