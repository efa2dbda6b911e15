"""How far this engine and ONNX Runtime are from the same models computed in float64.

Prints one row for each output: the 99th percentile and the largest of |y - reference|, and in how many samples the
largest element of the last axis is another one. The reference is the engine's device of that name.
"""

import argparse
import subprocess
import sys

import numpy as np
import onnxruntime

from models import MODELS, ROOT, Case

HEAD = ["model", "output", "samples", "p99", "ORT p99", "ratio", "max", "ORT max", "other top-1", "ORT's"]
LARGE = {"resnet50": 8, "mobilenet": 8}  # samples, where 256 would take minutes in float64


def run_engine(case, device):
    folder = case.folder / f"accuracy_{device}"
    command = [ROOT / "build/release/engine", "run", case.path, "--device", device, "--output", folder]
    for name, values in case.inputs.items():
        file = case.folder / f"accuracy_{len(command)}.npy"
        np.save(file, values)
        command += ["--input", f"{name}={file}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [np.load(folder / f"{name.replace('/', '_')}.npy") for name, _ in case.outputs]


def run_onnxruntime(case):
    session = onnxruntime.InferenceSession(str(case.path), providers=["CPUExecutionProvider"])
    return session.run([name for name, _ in case.outputs], case.inputs)


def errors(values, reference):
    return np.abs(np.asarray(values, np.float64) - np.asarray(reference, np.float64)).ravel()


def other_winners(values, reference):
    if values.ndim < 2 or values.shape[-1] < 2:
        return "-"
    return str(int(np.count_nonzero(values.argmax(-1) != reference.argmax(-1))))


def rows_of(name):
    case = Case(name, LARGE.get(name, 256))
    ours, theirs, reference = run_engine(case, "cpu"), run_onnxruntime(case), run_engine(case, "reference")
    for (output, dtype), a, b, r in zip(case.outputs, ours, theirs, reference):
        if np.issubdtype(dtype, np.floating):
            e, o = errors(a, r), errors(b, r)
            p99, their_p99 = np.percentile(e, 99), np.percentile(o, 99)
            ratio = f"{p99 / their_p99:.2f}" if their_p99 > 0 else "-"
            yield [case.name, output, str(case.batch), f"{p99:.1e}", f"{their_p99:.1e}", ratio, f"{e.max():.1e}",
                   f"{o.max():.1e}", other_winners(a, r), other_winners(b, r)]


def print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        names = [cell.ljust(width) for cell, width in zip(row[:2], widths)]
        print("  ".join(names + [cell.rjust(width) for cell, width in zip(row[2:], widths[2:])]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="of bench/peers/run, or ONNX files")
    rows = []
    for name in parser.parse_args().models:
        print(f"accuracy: {name}", file=sys.stderr)
        rows += rows_of(name)
    print_table([HEAD, *rows])


if __name__ == "__main__":
    main()
