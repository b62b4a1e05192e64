"""What a start imports, and what `vortexmd run` says while it compiles."""

import json
import subprocess
import sys

import pytest
from numba.core import event

from vortexmd import job
from vortexmd.cli import main
from vortexmd.kernels import burst

# Each of them takes a good part of the time that a whole start may take.
HEAVY = (
    "matplotlib",
    "scipy.ndimage",
    "scipy.signal",
    "scipy.stats",
    "vortexmd.plotting",
    "vortexmd.validation.flux",
)
TOML = """
[start]
kind = "random"
n = 100
density = 0.1
seed = 1
[pair_force]
type = "London"
f0 = 2.0
[run]
steps = 10
dt = 0.01
seed = 1
[output]
file = "a.h5"
every = 5
"""


def test_a_start_imports_nothing_that_it_does_not_need():
    code = "import json, sys, vortexmd.cli, vortexmd.job; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    imported = set(json.loads(done.stdout))
    assert "vortexmd.simulation" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize(("options", "times"), [([], 1), (["--quiet"], 0)])
def test_a_run_says_once_that_it_compiles(options, times, tmp_path, monkeypatch, capsys):
    def compiling(*arguments, **named):
        for _ in range(2):
            with event.trigger_event("numba:compile", data={"dispatcher": burst.burst}):
                pass
        return "all of it"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "run", compiling)
    (tmp_path / "a.toml").write_text(TOML)
    assert main(["run", "a.toml", *options]) == 0
    assert capsys.readouterr().err.count("compiling") == times
