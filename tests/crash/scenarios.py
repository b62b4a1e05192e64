"""The runs that are crashed: what stands in `inputs`, each with the command that starts or continues it.

Between them they have every kind of run: annealed, annihilating, hopping, with open and reflecting sides,
numbers of vortices that fall and that outgrow the file, packed and not, from run files and from scripts,
in one stage and two, into one file and two.
"""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

INPUTS = Path(__file__).resolve().parent / "inputs"
ROOT = INPUTS.parents[2]
TRAJECTORY, CHECKPOINT = "run.h5", "run.h5.chk"


@dataclass(frozen=True)
class Scenario:
    """A run in a folder of its own.

    Parameters
    ----------
    name
        Of its file in `inputs`, without the ending.
    about
        What it has that others have not, in a few words.
    source
        Its file in `inputs`: a run file or a script.
    outputs
        The trajectories that it writes.
    """

    name: str
    about: str
    source: str
    outputs: tuple[str, ...] = (TRAJECTORY,)

    @property
    def is_script(self) -> bool:
        """Whether it is a script, not a run file."""
        return self.source.endswith(".py")

    def prepare(self, folder: Path) -> None:
        """Put its file into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(INPUTS / self.source, folder / self.file_name)

    def command(self) -> list[str]:
        """What starts the run or continues it, to be called in its folder under `environment`.

        It writes `outputs` and `CHECKPOINT`, and ends with 0 when the run is complete.
        """
        return [sys.executable, "-m", "tests.crash.witness", *self._arguments]

    def call(self) -> None:
        """The same in this process, for forked children; the folder is the present one.

        Raises
        ------
        SystemExit
            If the command fails, or is stopped.
        """
        if self.is_script:
            runpy.run_path(self.file_name, run_name="__main__")
            return
        from vortexmd.cli import main

        code = main(self._arguments)
        if code:
            raise SystemExit(code)

    @property
    def file_name(self) -> str:
        """What its file is called in the folder of a run."""
        return "script.py" if self.is_script else "run.toml"

    @property
    def _arguments(self) -> list[str]:
        return ["script.py"] if self.is_script else ["run", "run.toml", "--quiet"]


def environment() -> dict[str, str]:
    """Of the commands: this checkout's packages, one thread each."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
    }


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("gas", "run file; anneal, pins, annihilation", "gas.toml"),
        Scenario("hopping", "run file; hops between two regions", "hopping.toml"),
        Scenario("exits", "run file; open sides, float32, not packed", "exits.toml"),
        Scenario(
            "entries", "run file; N grows past the file's width, a frame a step", "entries.toml"
        ),
        Scenario("friction", "run file; friction of pairs at T = 0", "friction.toml"),
        Scenario("one_stage", "script; reflecting walls, anneal", "one_stage.py"),
        Scenario("two_stages", "script; anneal, then other forces", "two_stages.py"),
        Scenario(
            "two_writers",
            "script; two files, 7 and 100 steps apart",
            "two_writers.py",
            (TRAJECTORY, "seldom.h5"),
        ),
    )
}
