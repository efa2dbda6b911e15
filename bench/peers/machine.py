"""What machine this is, for a report."""

import os
import platform
from pathlib import Path


def cpu_fields():
    """The first processor's fields of /proc/cpuinfo."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def caches():
    """Sizes of the first processor's caches, such as {"L1d": "48K"}."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction":
            found[f"L{level}" + ("d" if kind == "Data" else "")] = size
    return found


def facts():
    cpu = cpu_fields()
    flags = cpu.get("flags", "").split()
    return {"cpu": cpu.get("model name", platform.processor()), "family": cpu.get("cpu family"), "model": cpu.get("model"),
            "cores": len(os.sched_getaffinity(0)), "isa": next((f for f in ("avx512f", "avx2") if f in flags), ""),
            "caches": caches(), "system": platform.platform()}
