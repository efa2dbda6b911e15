#!/usr/bin/env python3
"""Times models on this engine and on onnxruntime, in turns, and holds their outputs together.

    scripts/setup peers
    .venv/bin/python bench/peers/compare.py MODEL.onnx... [--batch 1 8] [--threads 1 2] [--rounds 7]

Each round times one after the other for about a second. The ratio is onnxruntime's median by the
engine's, the median of all rounds, with the smallest and the largest: above 1 the engine is faster.
A free first axis is the batch; other free axes are 1.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int32)": np.int32,
         "tensor(int64)": np.int64}


def make_inputs(session, batch):
    random = np.random.default_rng(1)
    inputs = {}
    for i in session.get_inputs():
        shape = [batch if k == 0 and not isinstance(d, int) else d if isinstance(d, int) else 1
                 for k, d in enumerate(i.shape)]
        values = random.uniform(-1, 1, shape)
        inputs[i.name] = np.asarray(values, TYPES[i.type])
    return inputs


class Peer:
    def __init__(self, model, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])

    def median_ns(self, inputs, seconds):
        times, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter_ns()
            self.session.run(None, inputs)
            times.append(time.perf_counter_ns() - start)
        return statistics.median(times)


def engine(command, *arguments):
    done = subprocess.run([command, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"compare: {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def largest_difference(command, model, peer, inputs):
    """Largest difference of the outputs, by the largest output if that is above 1."""
    with tempfile.TemporaryDirectory() as folder:
        given = []
        for name, value in inputs.items():
            path = os.path.join(folder, f"in{len(given)}.npy")
            np.save(path, value)
            given += ["--input", f"{name}={path}"]
        out = os.path.join(folder, "out")
        engine(command, "run", model, *given, "--output", out)
        worst = 0.0
        for info, wanted in zip(peer.session.get_outputs(), peer.session.run(None, inputs)):
            got = np.load(os.path.join(out, info.name.replace("/", "_") + ".npy"))
            scale = max(np.abs(wanted).max(), 1.0)
            worst = max(worst, float(np.abs(got.astype(np.float64) - wanted).max() / scale))
        return worst


def label(model):
    folder, file = os.path.split(os.path.abspath(model))
    return os.path.basename(folder) if file == "model.onnx" else file.removesuffix(".onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each side of a round")
    parser.add_argument("--engine", default=os.path.join(ROOT, "build/release/engine"))
    args = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}")
    print(f"{'model':24} {'batch':>5} {'threads':>7} {'engine us':>10} {'peer us':>10} "
          f"{'ratio':>6} {'(range)':>14}  difference")
    for model in args.models:
        for batch in args.batch:
            for threads in args.threads:
                peer = Peer(model, threads)
                inputs = make_inputs(peer.session, batch)
                rounds = []
                for _ in range(args.rounds):
                    report = json.loads(engine(args.engine, "bench", model, "--json", "--batch", batch,
                                               "--threads", threads, "--seconds", args.seconds))
                    rounds.append((report["median_ns"], peer.median_ns(inputs, args.seconds)))
                ratios = sorted(theirs / ours for ours, theirs in rounds)
                print(f"{label(model)[:24]:24} {batch:5} {threads:7} "
                      f"{statistics.median(r[0] for r in rounds) / 1e3:10.1f} "
                      f"{statistics.median(r[1] for r in rounds) / 1e3:10.1f} "
                      f"{statistics.median(ratios):6.2f} ({ratios[0]:5.2f} - {ratios[-1]:5.2f})  "
                      f"{largest_difference(args.engine, model, peer, inputs):.1e}", flush=True)


if __name__ == "__main__":
    main()
