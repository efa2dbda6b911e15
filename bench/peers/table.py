"""The rows for people: one aligned table, and what is missing from it."""

WIDTHS = {"model": -18, "batch": 5, "threads": 7, "peer": -14, "engine": 10, "theirs": 10, "ratio": 6, "interval": 15}


def join(cells):
    padded = [f"{cell:{'<' if width < 0 else '>'}{abs(width)}}" for cell, width in zip(cells, WIDTHS.values())]
    return "  ".join([*padded, cells[-1]]).rstrip()


def head():
    return join([*WIDTHS, "difference"])


def duration(ns):
    for limit, unit, digits in ((1e4, "ns", 0), (1e7, "us", 1), (float("inf"), "ms", 1)):
        if ns < limit:
            return f"{ns / {'ns': 1, 'us': 1e3, 'ms': 1e6}[unit]:.{digits}f} {unit}"


def line(row, tolerance):
    differs = "" if row["difference"] <= tolerance else "  OUTPUTS DIFFER"
    return join([row["model"][:18], row["batch"], row["threads"], row["peer"], duration(row["engine_ns"]),
                 duration(row["peer_ns"]), f"{row['ratio']:.2f}", f"{row['low']:.2f} - {row['high']:.2f}",
                 f"{row['difference']:.1e}{differs}"])


def shortened(text, length=160):
    """What a library says may be a page; the cause stands at its end."""
    text = " ".join(text.split())
    return text if len(text) <= length else "... " + text[-length:]


def tail(rows, failures, tolerance):
    versions = {row["peer"]: row["version"] for row in rows}
    lines = [""]
    if versions:
        lines.append("versions: " + ", ".join(f"{peer} {version}" for peer, version in versions.items()))
    for (peer, reason), cases in failures.items():
        if peer != "engine":  # that has been said in the table
            lines.append(f"not measured: {peer} on {', '.join(cases)}: {shortened(reason)}")
    count = sum(row["difference"] > tolerance for row in rows)
    if count:
        lines.append(f"{count} rows have outputs that differ by more than {tolerance:g}: what is timed there is other work")
    return "\n".join(lines)
