"""Memory that a running simulation takes, per vortex.

    python -m benchmarks.peers.memory N PRECISION LAYER

measures one in this (fresh) process and prints JSON; `measure` starts such processes. Counted is the growth
of the resident memory from before the start state is made, with everything compiled and imported by a
smaller run of the same kind first; what of it which array of the simulation takes; and what is left once the
C library gives back what it keeps of freed memory. Linux only: it reads and resets the peak in /proc.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import vortexmd as vmd
from benchmarks.peers import arrays
from benchmarks.peers.workload import ours, start_state

ROOT = Path(__file__).resolve().parents[2]
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SMALL, STEPS = 1000, 12


def available() -> bool:
    """Whether this system tells what is needed."""
    return STATUS.exists() and RESET.exists()


def resident() -> int:
    """Bytes of memory in use now."""
    return _status("VmRSS")


def peak() -> int:
    """Largest number of bytes in use since `forget_peak`."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Let the peak begin anew."""
    RESET.write_text("5")


def _status(key: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key + ":"))
    return 1024 * int(line.split()[1])


def simulate(n: int, precision: str, layer: str, folder: Path) -> dict[str, Any]:
    """Bytes a vortex: running, at the peak of building and running, at that of writing, and in the end with
    freed memory given back; and array by array.
    """
    gc.collect()
    before = resident()
    forget_peak()
    sim = ours(start_state(n), precision=precision, layer=layer)
    sim.run(STEPS)
    gc.collect()
    steady, highest = resident() - before, peak() - before
    count = len(sim.state)
    held = arrays.table(sim, count)
    forget_peak()
    writer = vmd.TrajectoryWriter(folder / "frames.h5", every=2, overwrite=True)
    sim.run(4, writers=[writer])
    writing = peak() - before
    gc.collect()
    if hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(ctypes.c_size_t(0))
    return {
        "n": count,
        "steady": steady / count,
        "peak": highest / count,
        "writing": writing / count,
        "trimmed": (resident() - before) / count,
        "arrays": held,
    }


def measure(n: int, precision: str, layer: str) -> dict[str, Any]:
    """`simulate` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peers.memory", str(n), precision, layer]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"memory of {n} vortices: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def main() -> None:
    n, precision, layer = int(sys.argv[1]), *sys.argv[2:4]
    with tempfile.TemporaryDirectory() as name:
        simulate(SMALL, precision, layer, Path(name))
        print(json.dumps(simulate(n, precision, layer, Path(name))))


if __name__ == "__main__":
    main()
