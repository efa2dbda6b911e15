#!/usr/bin/env python3
"""A jet tagger of GRU layers over 60 constituents of 6 features. --lengths adds an input: how many constituents a jet has.

The reset gate acts after the recurrent product, as in PyTorch and today's Keras; --reset-first has it act before, as in the paper.
"""
import recurrent
from builder import command_line


def build(seed=61, bidirectional=False, lengths=False, reset_first=False, steps=60, features=6, hidden=64, layers=1, classes=5):
    return recurrent.build("GRU", seed, bidirectional, lengths, steps, features, hidden, layers, classes,
                           linear_before_reset=0 if reset_first else 1)


if __name__ == "__main__":
    command_line(build)
