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


def measure(case, threads, args):
    """The rows of one case on so many threads, and why peers are missing."""
    with ExitStack() as stack:
        contest = Contest(case, threads, args.peers, stack)
        for _ in range(args.rounds):
            contest.round(args.seconds)
        return list(contest.rows()), contest.failures


def run(args):
    rows, failures = [], {}
    print(table.head(), flush=True)
    for name in args.models:
        for batch in args.batch:
            try:
                case = models.Case(name, batch)
                for threads in args.threads:
                    done, missing = measure(case, threads, args)
                    for row in done:
                        print(table.line(row, args.tolerance), flush=True)
                    rows += done
                    for peer, reason in missing.items():
                        failures.setdefault((peer, reason), []).append(f"{case.name} batch {batch}")
            except Cannot as reason:
                print(f"{models.label(name)} batch {batch}: {reason}", flush=True)
                failures.setdefault(("engine", str(reason)), []).append(f"{models.label(name)} batch {batch}")
    print(table.tail(rows, failures, args.tolerance))
    return rows, failures


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(models.MODELS), metavar="MODEL",
                        help=f"files, or some of {', '.join(models.MODELS)} (default: these)")
    parser.add_argument("--peers", nargs="+", default=list(peers.PEERS), choices=list(peers.PEERS))
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="for each side of a round")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="differences above it are marked")
    parser.add_argument("--json", metavar="FILE", help="write the rows, and what machine this is")
    return parser.parse_args()


def main():
    args = arguments()
    rows, failures = run(args)
    if args.json:
        missing = [{"peer": peer, "reason": reason, "cases": cases} for (peer, reason), cases in failures.items()]
        with open(args.json, "w") as file:
            json.dump({"machine": machine.facts(), "rows": rows, "missing": missing}, file, indent=1)
            file.write("\n")
    return 1 if any(peer == "engine" for peer, _ in failures) else 0


if __name__ == "__main__":
    sys.exit(main())
