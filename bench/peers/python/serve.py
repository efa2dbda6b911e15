"""What native/serve.h is for C++: the process of a peer that is called from Python."""

import statistics
import sys
import time


def read_job(file):
    job = {"inputs": [], "outputs": [], "settings": {}}
    with open(file) as lines:
        for line in lines:
            key, *fields = line.rstrip("\n").split("\t")
            if key == "input":
                name, dtype, shape, path = fields
                job["inputs"].append((name, dtype, [int(n) for n in shape.split(",")], path))
            elif key == "output":
                job["outputs"].append(tuple(fields))
            elif key == "set":
                job["settings"][fields[0]] = fields[1]
            else:
                job[key] = fields[0]
    job["threads"] = int(job["threads"])
    return job


def median_ns(run, seconds):
    start = time.perf_counter_ns()
    run()
    runs = max(1, round(20_000 / max(1, time.perf_counter_ns() - start)))
    samples, end = [], time.perf_counter() + seconds
    while len(samples) < 3 or time.perf_counter() < end:
        start = time.perf_counter_ns()
        for _ in range(runs):
            run()
        samples.append((time.perf_counter_ns() - start) / runs)
    return statistics.median(samples)


def say(*words):
    print(*words, sep="\t", flush=True)


def serve(make):
    """`make(job)` returns name, version, what runs once, and what returns the outputs as arrays."""
    try:
        job = read_job(sys.argv[1])
        name, version, run, outputs = make(job)
        run()
        say("ready", name, version)
        for line in sys.stdin:
            word, argument = line.split()
            if word == "time":
                say("times", median_ns(run, float(argument)))
            else:
                for (_, file), values in zip(job["outputs"], outputs(), strict=True):
                    values.tofile(file)
                say("done")
    except Exception as error:  # whatever it is, it is why this peer cannot run the model
        say("cannot", " ".join(str(error).split()) or type(error).__name__)
