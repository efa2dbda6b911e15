#!/usr/bin/env python3
"""Times models on this engine and on other engines, in turns, and holds their outputs together.

Each round times the engine and every peer, one after the other; `ratio` is the median over the
rounds of the peer's time by the engine's (above 1 the engine is faster), with an interval that holds
it with 95%. `difference` is the largest one of the outputs, by the largest output if that is above 1.
The first axis, if it is free, is the batch; other free axes are 1.
"""

import argparse
import json
import statistics
import sys
from contextlib import ExitStack

import layers
import machine
import models
import peers
import table
from outputs import largest_difference
from ratios import ratio_of
from worker import Cannot, Worker


def start(case, threads, peer, stack):
    command, settings = (peers.engine if peer == "engine" else peers.PEERS[peer])(case)
    job = case.write_job(peer, threads, settings)
    worker = Worker(command, job, threads, case.folder / f"{peer}.log")
    stack.callback(worker.close)
    return worker


class Contest:
    """The engine and the peers that can run a case, each in a process of its own."""

    def __init__(self, case, threads, names, stack):
        self.case, self.threads = case, threads
        self.workers = {"engine": start(case, threads, "engine", stack)}
        self.outputs = self.outputs_of("engine", 0)
        self.failures, self.times, self.differences = {}, {}, {}
        for name in names:
            self.attempt(name, lambda name=name: self.join(name, stack))

    def attempt(self, name, action):
        """What goes wrong with one peer takes only that peer out."""
        try:
            action()
        except Cannot as reason:
            self.workers.pop(name, None)
            self.failures[name] = str(reason)

    def join(self, name, stack):
        worker = start(self.case, self.threads, name, stack)
        self.workers[name] = worker
        for index, part in enumerate(worker.names):
            if part != "engine":
                self.differences[part] = largest_difference(self.outputs, self.outputs_of(name, index))

    def outputs_of(self, name, index):
        self.workers[name].write_outputs(index)
        return self.case.read_outputs(name)

    def round(self, seconds):
        for name in list(self.workers):
            self.attempt(name, lambda name=name: self.time(name, seconds))
        if "engine" in self.failures:
            raise Cannot(f"the engine: {self.failures['engine']}")

    def time(self, name, seconds):
        worker = self.workers[name]
        for part, ns in zip(worker.names, worker.times(seconds * len(worker.names)), strict=True):
            self.times.setdefault((name, part), []).append(ns)

    def layers(self, rounds, seconds):
        """(peer, rows) of each peer that times layers, in turns with the engine."""
        for name in [name for name in self.workers if name in peers.WITH_LAYERS]:
            engine, peer = self.workers["engine"], self.workers[name]
            try:
                pairs = [(engine.parts(seconds), peer.parts(seconds)) for _ in range(rounds)]
            except Cannot as reason:
                self.failures[name] = f"layers: {reason}"
            else:
                yield name, list(layers.rows_of(pairs))

    def rows(self):
        """One for each peer; a process that has the engine in itself is held against that one."""
        for name, worker in self.workers.items():
            ours = self.times.get((name, "engine"), self.times["engine", "engine"])
            for part, version in zip(worker.names, worker.versions, strict=True):
                if part == "engine":
                    continue
                theirs = self.times[name, part]
                ratio, low, high = ratio_of(ours, theirs)
                yield {"model": self.case.name, "batch": self.case.batch, "threads": self.threads, "peer": part,
                       "version": version, "engine_ns": statistics.median(ours),
                       "peer_ns": statistics.median(theirs), "ratio": ratio, "low": low, "high": high,
                       "difference": self.differences[part]}


class Report:
    """What has been measured, printed as it comes."""

    def __init__(self, args):
        self.args, self.rows, self.failures = args, [], {}
        print(table.head(), flush=True)

    def measure(self, case, threads):
        with ExitStack() as stack:
            contest = Contest(case, threads, self.args.peers, stack)
            for _ in range(self.args.rounds):
                contest.round(self.args.seconds)
            for row in contest.rows():
                print(table.line(row, self.args.tolerance), flush=True)
                self.rows.append(row)
            if self.args.layers:
                self.add_layers(contest)
            for peer, reason in contest.failures.items():
                self.fail(peer, reason, case.name, case.batch)

    def add_layers(self, contest):
        case, threads = contest.case, contest.threads
        for peer, rows in contest.layers(self.args.rounds, self.args.seconds):
            print(layers.text(case, threads, peer, rows) + "\n", flush=True)

    def fail(self, peer, reason, model, batch):
        cases = self.failures.setdefault((peer, reason), [])
        if (case := f"{model} batch {batch}") not in cases:
            cases.append(case)

    def write(self, file):
        facts = machine.facts()
        json.dump([row | {"machine": facts} for row in self.rows], file, indent=1)
        file.write("\n")


def run(args):
    report = Report(args)
    for name in args.models:
        for batch in args.batch:
            try:
                case = models.Case(name, batch)
                for threads in args.threads:
                    report.measure(case, threads)
            except Cannot as reason:
                print(f"{models.label(name)} batch {batch}: {reason}", flush=True)
                report.fail("engine", str(reason), models.label(name), batch)
    print(table.tail(report.rows, report.failures, args.tolerance))
    return report


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a count (at least 1)")
    return value


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(models.MODELS), metavar="MODEL",
                        help=f"files, or some of {', '.join(models.MODELS)} (default: these)")
    parser.add_argument("--peers", nargs="+", default=list(peers.PEERS), choices=list(peers.PEERS))
    parser.add_argument("--batch", type=count, nargs="+", default=[1])
    parser.add_argument("--threads", type=count, nargs="+", default=[1])
    parser.add_argument("--rounds", type=count, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="for each side of a round")
    parser.add_argument("--layers", action="store_true", help=f"also layer by layer, where a peer can: {', '.join(peers.WITH_LAYERS)}")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="differences above it are marked")
    parser.add_argument("--json", type=argparse.FileType("w"), metavar="FILE", help="write the rows as a list, each with what machine this is")
    return parser.parse_args()


def main():
    args = arguments()
    report = run(args)
    if args.json:
        report.write(args.json)
    return 1 if any(peer == "engine" for peer, _ in report.failures) else 0


if __name__ == "__main__":
    sys.exit(main())
