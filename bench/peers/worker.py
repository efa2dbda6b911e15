"""A peer in a process of its own, so that its crash is a result and not an end."""

import os
import selectors
import signal
import subprocess
import time


class Cannot(Exception):
    """A peer is missing, cannot run a model, or died."""


# They pick an older kernel for OpenBLAS than the processor's own.
HANDICAPS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment(threads):
    kept = {key: value for key, value in os.environ.items() if key not in HANDICAPS}
    return kept | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


class Worker:
    """Speaks the conversation of native/serve.h."""

    def __init__(self, command, job, threads, log, patience=300):
        self.log, self.buffer = log, b""
        with open(log, "wb") as errors:
            self.process = subprocess.Popen([*command, job], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, env=environment(threads))
        os.set_blocking(self.process.stdout.fileno(), False)
        try:
            words = self.answer("ready", patience)
        except Cannot:
            self.close()
            raise
        self.names, self.versions = words[::2], words[1::2]

    def times(self, seconds):
        """Nanoseconds of one run, for each name."""
        self.say(f"time {seconds}")
        return [float(word) for word in self.answer("times", 60 + 20 * seconds)]

    def parts(self, seconds):
        """Nanoseconds of each layer that is timed, by the name of its node."""
        self.say(f"parts {seconds}")
        words = self.answer("parts", 60 + 20 * seconds)
        return {name: float(ns) for name, ns in zip(words[::2], words[1::2], strict=True)}

    def write_outputs(self, index):
        self.say(f"outputs {index}")
        self.answer("done", 300)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has died with a question unread
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Cannot(self.how_it_ended()) from None

    def answer(self, wanted, seconds):
        """The words after `wanted`. Lines of the library itself, which some print here, are passed over."""
        end = time.monotonic() + seconds
        while True:
            word, *words = self.line(end).split("\t")
            if word == wanted:
                return words
            if word == "cannot":
                raise Cannot(" ".join(words))

    def line(self, end):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.buffer:
                if not selector.select(max(0.0, end - time.monotonic())):
                    self.process.kill()
                    raise Cannot("it did not answer in time")
                chunk = os.read(self.process.stdout.fileno(), 65536)
                if not chunk:
                    raise Cannot(self.how_it_ended())
                self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def how_it_ended(self):
        status = self.process.wait(10)
        how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
        with open(self.log, errors="replace") as log:
            lines = log.read().strip().splitlines()
        return f"{how}: {lines[-1]}" if lines else how
