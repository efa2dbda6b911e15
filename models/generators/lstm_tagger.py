#!/usr/bin/env python3
"""A jet tagger of LSTM layers over 60 constituents of 6 features. --lengths adds an input: how many constituents a jet has."""
import recurrent
from builder import command_line


def build(seed=60, bidirectional=False, lengths=False, steps=60, features=6, hidden=64, layers=1, classes=5):
    return recurrent.build("LSTM", seed, bidirectional, lengths, steps, features, hidden, layers, classes)


if __name__ == "__main__":
    command_line(build)
