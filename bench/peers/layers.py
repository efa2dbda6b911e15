"""A model layer by layer, on this engine and on a peer that can say how long each of its layers takes."""

from statistics import median

from ratios import ratio_of
from table import duration

WIDTHS = (28, 10, 10, 6, 15)


def rows_of(rounds):
    """`rounds` are pairs of {node: ns}, ours and theirs; a row for each node that both have in all rounds."""
    first = rounds[0][1]
    for node in first:
        if all(node in side for pair in rounds for side in pair):
            ours, theirs = zip(*((a[node], b[node]) for a, b in rounds))
            ratio, low, high = ratio_of(ours, theirs)
            yield {"node": node, "engine_ns": median(ours), "peer_ns": median(theirs), "ratio": ratio, "low": low, "high": high}


def total(rows):
    """The sum of the rows, as a row: its ratio is that of the sums."""
    ours, theirs = (sum(row[key] for row in rows) for key in ("engine_ns", "peer_ns"))
    ratio = theirs / ours
    return {"node": f"all {len(rows)}", "engine_ns": ours, "peer_ns": theirs, "ratio": ratio, "low": ratio, "high": ratio}


def text(case, threads, peer, rows):
    lines = ["", f"{case.name} batch {case.batch} threads {threads}, {peer}: layers"]
    lines += [line("node", "engine", "theirs", "ratio", "interval")]
    for row in [*rows, total(rows)] if rows else []:
        lines.append(line(row["node"][:WIDTHS[0]], duration(row["engine_ns"]), duration(row["peer_ns"]), f"{row['ratio']:.2f}",
                          f"{row['low']:.2f} - {row['high']:.2f}"))
    return "\n".join(lines)


def line(first, *others):
    return "  ".join([f"{first:<{WIDTHS[0]}}", *(f"{cell:>{width}}" for cell, width in zip(others, WIDTHS[1:]))])
